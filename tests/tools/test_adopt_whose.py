"""What `tools.adopt` takes in and what it leaves: what is adopted goes with the stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.adoption import (
    API,
    GATEWAY,
    GROUP,
    NATIVE,
    SERVICE,
    Azure,
    Pulumi,
    adopt,
    resource,
    state,
)
from tools.adopt.run import DONE, UNCLEAR
from tools.adopt.stack import UNKNOWN, Plan, State

RESOURCES = f"{GROUP}/resources"
HOLDER = resource("resources:ResourceGroup", "group", {"resourceGroupName": "rg"})
DIAGNOSTIC = {
    **resource(
        "x:X",
        "diagnostic",
        {
            "resourceGroupName": "rg",
            "serviceName": "apim",
            "apiId": "openai",
            "diagnosticId": "azuremonitor",
        },
    ),
    "type": "azure-native_apimanagement_v20240601preview:apimanagement:ApiDiagnostic",
}
DIAGNOSTIC_ID = f"{SERVICE}/apis/openai/diagnostics/azuremonitor"
BEGAN = "2026-11-27T01:00:00.123456789Z"


def as_azure_writes(resource_id: str) -> str:
    """An id in the spelling of answers: some segments in lower case."""
    for part in ("resourceGroups", "Microsoft.ApiManagement"):
        resource_id = resource_id.replace(part, part.lower())
    return f"{resource_id}/"


def earlier(**more: Any) -> dict[str, Any]:
    """The diagnostic under the URN that it had when it was of another type."""
    old = resource("resources:Resource", "diagnostic", {}, id=as_azure_writes(DIAGNOSTIC_ID))
    return old | more


@pytest.mark.parametrize("marks", [{}, {"delete": True}], ids=["alias", "to-be-deleted"])
def test_what_the_stack_has_under_another_urn_is_left_to_up(marks: dict[str, Any]) -> None:
    """A second URN for one id would have the next update delete what was adopted."""
    before = state(earlier(**marks))
    pulumi = Pulumi(before, [DIAGNOSTIC])
    status, text = adopt(pulumi, Azure({DIAGNOSTIC_ID: {}}), also=["diagnostic"])
    assert (status, pulumi.imported) == (DONE, []), text
    assert pulumi.document is before


def test_what_the_engine_deleted_before_it_was_cut_off_makes_room() -> None:
    old = earlier(pendingReplacement=True)
    pulumi = Pulumi(state(old, pending=[DIAGNOSTIC]), [DIAGNOSTIC])
    status, text = adopt(pulumi, Azure({DIAGNOSTIC_ID: {}}), also=())
    assert (status, len(pulumi.imported)) == (DONE, 1), text
    assert old["urn"] not in pulumi.export().resources


def test_what_the_stack_owns_is_never_told_to_be_deleted() -> None:
    """Azure gives its id in another spelling; the program calls it by another URN by now."""
    moved = resource("apimanagement:ApiManagementService", "moved", {}, id=as_azure_writes(SERVICE))
    pulumi = Pulumi(state(moved, pending=[GATEWAY]), [])
    status, text = adopt(pulumi, Azure({SERVICE: {}}))
    assert (status, pulumi.export().interrupted) == (DONE, []), text
    assert "delete it" not in text


def test_a_resource_that_is_to_be_made_anew_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = {**GATEWAY, "id": as_azure_writes(SERVICE)}
    plan = Pulumi(state(kept), []).preview()
    plan.steps.append({"op": "replace", "urn": GATEWAY["urn"], "newState": GATEWAY})
    pulumi = Pulumi(state(kept), [])
    monkeypatch.setattr(pulumi, "preview", lambda: plan)
    status, text = adopt(pulumi, Azure({SERVICE: {}}))
    assert (status, pulumi.imported) == (DONE, []), text


def test_what_was_simply_there_needs_a_word() -> None:
    """Else a gateway of somebody else's would go with `pulumi destroy`, and its APIs with it."""
    azure = Azure({SERVICE: {}, f"{SERVICE}/apis/openai": {}})
    before = state()
    pulumi = Pulumi(before, [GATEWAY, API])
    status, text = adopt(pulumi, azure, also=())
    assert (status, pulumi.imported) == (UNCLEAR, [])
    assert pulumi.document is before
    assert "--also gateway" in text
    assert "--also api" not in text
    assert f"{SERVICE}/apis/openai lies in a resource that is not adopted" in text

    assert adopt(pulumi, azure, also=["api"])[0] == UNCLEAR
    assert not pulumi.imported, "the gateway is not adopted, and another would replace the API"
    assert adopt(pulumi, azure, also=[SERVICE.upper()])[0] == DONE
    assert [one["logicalName"] for one in pulumi.imported] == ["gateway", "api"]


def test_what_lies_in_what_the_stack_made_is_the_stacks() -> None:
    """As after a lost answer, which leaves no open creation."""
    azure = Azure({SERVICE: {}, f"{SERVICE}/apis/openai": {}})
    pulumi = Pulumi(state(pending=[GATEWAY]), [GATEWAY, API])
    status, text = adopt(pulumi, azure, also=())
    assert (status, len(pulumi.imported)) == (DONE, 2), text
    pulumi = Pulumi(state({**GATEWAY, "id": as_azure_writes(SERVICE)}), [API])
    assert adopt(pulumi, azure, also=())[0] == DONE
    read = {**GATEWAY, "id": SERVICE, "external": True}
    pulumi = Pulumi(state(read), [API])
    assert adopt(pulumi, azure, also=())[0] == UNCLEAR, "the stack only reads the gateway"


def test_an_interrupted_creation_of_another_name_says_nothing_of_this_one() -> None:
    other = {**GATEWAY, "inputs": {**GATEWAY["inputs"], "serviceName": "apim-old"}}
    pulumi = Pulumi(state(pending=[other]), [GATEWAY])
    assert adopt(pulumi, Azure({SERVICE: {}}), also=())[0] == UNCLEAR
    assert not pulumi.imported


@pytest.mark.parametrize(
    ("made", "status"), [("2026-11-27T01:00:01Z", DONE), ("2026-11-26T00:00:00Z", UNCLEAR)]
)
def test_what_was_made_since_the_stack_began_is_the_stacks(made: str, status: int) -> None:
    document = state()
    document["deployment"]["resources"][0]["created"] = BEGAN
    held = {"value": [{"id": as_azure_writes(SERVICE), "createdTime": made}]}
    pulumi = Pulumi(document, [GATEWAY])
    assert adopt(pulumi, Azure({SERVICE: {}, RESOURCES: held}), also=())[0] == status
    assert bool(pulumi.imported) is (status == DONE)


def test_a_group_that_holds_what_is_others_is_refused() -> None:
    """Whoever asks for it: `pulumi destroy` deletes a group with everything in it."""
    other = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/theirs"
    held = {"value": [{"id": as_azure_writes(SERVICE)}, {"id": other}]}
    azure = Azure({GROUP: {}, RESOURCES: held})
    pulumi = Pulumi(state(pending=[HOLDER]), [HOLDER, GATEWAY])
    status, text = adopt(pulumi, azure, also=["group"])
    assert (status, pulumi.imported) == (UNCLEAR, [])
    assert f"the group holds what is not this stack's: {other};" in text
    assert "useExistingResourceGroup" in text
    assert "delete it" not in text
    assert len(pulumi.export().interrupted) == 1

    pulumi = Pulumi(pulumi.document, [])
    status, text = adopt(pulumi, azure)
    assert (status, pulumi.export().interrupted) == (DONE, [])
    assert "delete it" not in text, "the program takes it as it is by now"


def test_a_group_that_does_not_tell_what_it_holds_is_refused() -> None:
    class Closed(Azure):
        def __call__(self, request: Any) -> Any:
            self.status = 403 if request.url.path.endswith("/resources") else 404
            return super().__call__(request)

    pulumi = Pulumi(state(pending=[HOLDER]), [HOLDER])
    status, text = adopt(pulumi, Closed({GROUP: {}}))
    assert (status, pulumi.imported) == (UNCLEAR, [])
    assert "what the group holds is not known: HTTP 403" in text


@pytest.mark.parametrize(
    ("made", "status"), [("2026-11-27T01:00:01Z", DONE), ("2026-11-26T00:00:00Z", UNCLEAR)]
)
def test_a_group_may_hold_what_gets_its_name_of_the_group(
    monkeypatch: pytest.MonkeyPatch, made: str, status: int
) -> None:
    """Its id is known once the group is adopted."""
    inputs = {"resourceGroupName": "rg", "resourceName": UNKNOWN}
    workbook = resource(
        "applicationinsights:Workbook", "workbook", inputs, {"resourceName": [HOLDER["urn"]]}
    )
    place = f"{GROUP}/providers/Microsoft.Insights/workbooks/w"
    held = [{"id": place, "type": "microsoft.insights/workbooks", "createdTime": made}]
    document = state()
    document["deployment"]["resources"][0]["created"] = BEGAN
    pulumi, plan = Pulumi(document, [HOLDER, workbook]), Pulumi.preview

    def preview() -> Plan:
        if HOLDER["urn"] in pulumi.export().resources:
            pulumi.created[1] = {**workbook, "inputs": {**inputs, "resourceName": "w"}}
        return plan(pulumi)

    monkeypatch.setattr(pulumi, "preview", preview)
    azure = Azure({GROUP: {}, RESOURCES: {"value": held}, place: {}})
    found, text = adopt(pulumi, azure, also=["resource-group", "group"])
    assert found == status, text
    assert len(pulumi.imported) == (2 if status == DONE else 0)


def test_a_group_by_word_takes_no_stranger_along() -> None:
    held = {"value": [{"id": SERVICE, "createdTime": "2020-01-01T00:00:00Z"}]}
    pulumi = Pulumi(state(), [HOLDER, GATEWAY])
    status, text = adopt(pulumi, Azure({GROUP: {}, RESOURCES: held, SERVICE: {}}), also=["group"])
    assert status == UNCLEAR
    assert [one["logicalName"] for one in pulumi.imported] == ["group"]
    assert "--also gateway" in text


def test_the_ids_of_a_state_are_of_what_it_has() -> None:
    found = State(
        state(
            earlier(),
            {**API, "id": "/A", "external": True},
            {**GATEWAY, "id": "/B", "pendingReplacement": True},
        )
    )
    assert found.owned == {DIAGNOSTIC_ID.strip("/").casefold()}
    assert found.gone_from(["/b/"]) == {GATEWAY["urn"]}
    assert NATIVE in GATEWAY["type"]
