"""What `tools.adopt` asks Azure for, and what it does with the answers."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from harness.example import ROOT
from queries.check.configuration.manager import Manager
from queries.errors import CannotRunError
from sandbox.cloud import SUBSCRIPTION_ID
from sandbox.engine import shapes
from tests.tools.adoption import (
    ACCOUNT,
    API,
    DEFAULT,
    GATEWAY,
    GRANT,
    GROUP,
    NATIVE,
    OTHER,
    ROLE,
    SERVICE,
    Azure,
    Pulumi,
    adopt,
    resource,
    state,
    urn,
)
from tools.adopt import __main__ as command
from tools.adopt import account
from tools.adopt.arm import KINDS, in_azure
from tools.adopt.engine import Engine
from tools.adopt.run import DONE, POLL_SECONDS, UNCLEAR
from tools.adopt.stack import SECRET, UNKNOWN, Plan, State


def test_every_type_of_the_program_has_its_id() -> None:
    snapshot = (ROOT / "tests/components/snapshots/urns.txt").read_text()
    types = {line.split("::")[2].rpartition("$")[2] for line in snapshot.split()}
    optional = {f"{NATIVE}monitor:{one}" for one in ("ActionGroup", "ActivityLogAlert")}
    assert {one for one in types | optional if in_azure(one)} <= KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_versions_are_the_providers(kind: str) -> None:
    shape = shapes.shape_of(kind)
    assert KINDS[kind].path.replace("{subscriptionId}", SUBSCRIPTION_ID) == shape.path
    assert KINDS[kind].version == shape.api_version


def test_names_that_a_preview_does_not_know_are_read_off_what_they_are_made_of() -> None:
    """azure-native knows no output of a resource that is yet to be made, not even its name."""
    holder = resource("cognitiveservices:Account", "account", {}, id=ACCOUNT)
    policy = resource(
        "apimanagement:ApiPolicy",
        "policy",
        {
            "resourceGroupName": UNKNOWN,
            "serviceName": UNKNOWN,
            "apiId": UNKNOWN,
            "policyId": "policy",
        },
        {
            "resourceGroupName": [urn(f"{NATIVE}resources:ResourceGroup", "group")],
            "serviceName": [GATEWAY["urn"]],
            "apiId": [API["urn"]],
        },
    )
    group = resource("resources:ResourceGroup", "group", {}, id=GROUP)
    setting = resource(
        "monitor:DiagnosticSetting",
        "setting",
        {"resourceUri": UNKNOWN, "name": "Whole Log"},
        {"resourceUri": [GATEWAY["urn"]]},
    )
    role = resource(
        "authorization:RoleAssignment",
        "role",
        {
            "roleAssignmentName": "made-up",
            "scope": UNKNOWN,
            "principalId": UNKNOWN,
            "roleDefinitionId": ROLE,
        },
        {"scope": [holder["urn"]], "principalId": [GATEWAY["urn"]]},
    )
    roles = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments"
    setting_id = f"{SERVICE}/providers/Microsoft.Insights/diagnosticSettings/Whole Log"
    azure = Azure(
        {
            SERVICE: {"identity": {"principalId": "p-1"}},
            f"{SERVICE}/apis/openai": {},
            f"{SERVICE}/apis/openai/policies/policy": {},
            setting_id: {},
            roles: {
                "value": [
                    {"name": "another", "properties": {**GRANT, "principalId": "p-2"}},
                    {"name": "guid", "properties": GRANT},
                ]
            },
        }
    )
    pulumi = Pulumi(state(holder, group), [GATEWAY, API, policy, setting, role])
    status, text = adopt(pulumi, azure)
    assert status == DONE, text
    assert {one["logicalName"]: one["id"] for one in pulumi.imported} == {
        "gateway": SERVICE,
        "api": f"{SERVICE}/apis/openai",
        "policy": f"{SERVICE}/apis/openai/policies/policy",
        "setting": setting_id,
        "role": f"{roles}/guid",
    }
    assert {one["provider"] for one in pulumi.imported} == {DEFAULT}
    assert {one["parent"] for one in pulumi.imported} == {"urn:pulumi:dev::p::comp::comp"}


def test_a_providers_own_subscription_counts() -> None:
    elsewhere = {**GATEWAY, "provider": f"{OTHER}::2"}
    azure = Azure({})
    assert adopt(Pulumi(state(), [elsewhere]), azure)[0] == DONE
    assert azure.asked == [SERVICE.replace(SUBSCRIPTION_ID, "other")]


UNNAMED = {**GATEWAY, "inputs": {"resourceGroupName": "rg", "serviceName": UNKNOWN}}


def test_what_cannot_exist_is_not_asked_for() -> None:
    """Its name is yet to be made, or that of what it lies in."""
    suffix = {**resource("", "suffix", {}), "type": "random:index/randomString:RandomString"}
    unmade = {**UNNAMED, "propertyDependencies": {"serviceName": [suffix["urn"]]}}
    azure = Azure({})
    status, text = adopt(Pulumi(state(), [suffix, unmade, API]), azure)
    assert (status, azure.asked) == (DONE, [])
    assert "nothing to adopt" in text


def test_what_cannot_be_named_is_not_taken_for_absent() -> None:
    secret = {**GATEWAY, "inputs": {"resourceGroupName": "rg", "serviceName": SECRET}}
    pulumi = Pulumi(state(pending=[secret]), [UNNAMED])
    status, text = adopt(pulumi, Azure({SERVICE: {}}))
    assert status == UNCLEAR
    assert "not judged: gateway: its id is not known: serviceName" in text
    assert "nothing to adopt" not in text
    assert len(pulumi.export().interrupted) == 1


def test_what_azure_does_not_tell_is_not_judged() -> None:
    strange = resource("storage:Blob", "blob", {"name": "b"})
    status, text = adopt(Pulumi(state(), [GATEWAY, strange]), Azure({}, status=403))
    assert status == UNCLEAR
    assert "not judged: gateway: it cannot be read: HTTP 403" in text
    assert "not judged: blob: tools/adopt/arm.py knows no ids of azure-native:storage:Blob" in text
    assert "nothing to adopt" not in text


def test_what_azure_still_makes_is_waited_for() -> None:
    making = {"properties": {"provisioningState": "Activating"}}
    made = {"properties": {"provisioningState": "Succeeded"}}
    pulumi = Pulumi(state(), [GATEWAY])
    status, text = adopt(pulumi, Azure({SERVICE: [making, making, made]}), wait=10 * POLL_SECONDS)
    assert (status, len(pulumi.imported)) == (DONE, 1)
    assert text.count("waiting for Azure: apim is Activating") == 1

    pulumi = Pulumi(state(), [GATEWAY])
    with pytest.raises(CannotRunError, match="still at work: apim is Activating"):
        adopt(pulumi, Azure({SERVICE: making}), wait=2 * POLL_SECONDS)
    assert not pulumi.imported


def test_what_azure_takes_back_is_not_adopted() -> None:
    failing = {"properties": {"provisioningState": "Deleting"}}
    pulumi = Pulumi(state(), [GATEWAY])
    assert adopt(pulumi, Azure({SERVICE: [failing, None]}))[0] == DONE
    assert not pulumi.imported


def test_without_a_yes_nothing_changes() -> None:
    before = state(pending=[GATEWAY])
    pulumi = Pulumi(before, [GATEWAY])
    status, text = adopt(pulumi, Azure({SERVICE: {}}), agreed=False)
    assert (status, pulumi.imported) == (UNCLEAR, [])
    assert pulumi.document is before
    assert "interrupted" in text


def test_interrupted_creations_are_closed_once_it_is_known_how_they_ended() -> None:
    pulumi = Pulumi(state(pending=[GATEWAY, API]), [GATEWAY, API])
    assert adopt(pulumi, Azure({SERVICE: {}}))[0] == DONE
    assert [one["logicalName"] for one in pulumi.imported] == ["gateway"]
    assert pulumi.export().interrupted == []


def test_an_interrupted_creation_that_nobody_wants_any_more_stays_open() -> None:
    """The program has another name for it by now."""
    wanted = {**GATEWAY, "inputs": {**GATEWAY["inputs"], "serviceName": "apim-new"}}
    pulumi = Pulumi(state(pending=[GATEWAY]), [wanted])
    status, text = adopt(pulumi, Azure({SERVICE: {}}))
    assert (status, pulumi.imported) == (UNCLEAR, [])
    assert f"delete it in Azure: {SERVICE}" in re.sub(r"\s+", " ", text)
    assert len(pulumi.export().interrupted) == 1


def test_what_the_next_up_would_replace_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = Pulumi(state(), [GATEWAY])
    plan = pulumi.preview

    def preview() -> Plan:
        found = plan()
        replaced = {"op": "replace", "urn": GATEWAY["urn"], "newState": GATEWAY}
        steps = found.steps or [replaced]
        return Plan(steps=steps, config=found.config)

    monkeypatch.setattr(pulumi, "preview", preview)
    status, text = adopt(pulumi, Azure({SERVICE: {}}))
    assert (status, len(pulumi.imported)) == (UNCLEAR, 1), "a pipeline must stop here"
    assert "to go on" not in text
    assert "careful: `pulumi up` would replace gateway" in text


def test_predecessors_make_room() -> None:
    """A role is made before the old one is deleted, a gateway after it: both were cut off."""
    old = {"pendingReplacement": True, "id": SERVICE}
    gone = {**GATEWAY, **old}
    there = resource("authorization:RoleAssignment", "role", {}, id=f"{ACCOUNT}/old")
    child = {
        **API,
        "id": "api",
        "dependencies": [GATEWAY["urn"], there["urn"]],
        "deletedWith": GATEWAY["urn"],
    }
    after = State(state(gone, there, child)).made_room([GATEWAY["urn"], there["urn"]])
    left = {one["urn"]: one for one in after.document["deployment"]["resources"]}
    assert GATEWAY["urn"] not in left
    assert left[there["urn"]]["delete"] is True
    assert left[API["urn"]]["dependencies"] == []
    assert "deletedWith" not in left[API["urn"]]
    assert left[API["urn"]]["propertyDependencies"] == {"serviceName": []}


def test_nobody_is_there_to_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    pulumi = Pulumi(state(), [GATEWAY])
    for name in ("export", "preview"):
        monkeypatch.setattr(Engine, name, lambda _, name=name: getattr(pulumi, name)())
    answers = httpx.MockTransport(Azure({SERVICE: {}}))
    monkeypatch.setattr(httpx, "Client", lambda client=httpx.Client: client(transport=answers))
    monkeypatch.setattr(Manager, "_bearer", lambda _: "t")
    assert command.main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tools.adopt: nobody is here to answer\nfix: give --yes")


def test_a_stack_that_was_never_deployed_is_left_to_up() -> None:
    """Pulumi makes the provider first; until then nothing in Azure is of this stack's doing."""
    fresh: dict[str, Any] = {"version": 3, "deployment": None}
    pulumi = Pulumi(fresh, [GATEWAY, API])
    status, text = adopt(pulumi, Azure({}))
    assert (status, pulumi.imported) == (DONE, [])
    assert "nothing to adopt" in text

    status, text = adopt(pulumi, Azure({SERVICE: {}}))
    assert (status, pulumi.imported) == (UNCLEAR, [])
    assert f"not adopted: gateway: Azure has {SERVICE}" in text
    assert "nothing to adopt" not in text


def test_no_subscription_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
    monkeypatch.setenv("PATH", "")
    here, nothing = State(state()), Plan(steps=[], config={})
    with pytest.raises(CannotRunError, match="no Azure subscription is chosen"):
        account.subscription(DEFAULT, here, nothing)
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "from-environment")
    assert account.subscription(DEFAULT, here, nothing) == "from-environment"
    mine = Plan(steps=[], config={account.KEY: "mine"})
    assert account.subscription(DEFAULT, here, mine) == "mine"
    assert account.subscription(OTHER, here, mine) == "other"


def test_the_cloud_is_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_ENVIRONMENT", raising=False)
    assert account.endpoint({}) == "https://management.azure.com"
    china = account.endpoint({"azure-native:environment": "china"})
    assert china == "https://management.chinacloudapi.cn"
    with pytest.raises(CannotRunError, match="mars"):
        account.endpoint({"azure-native:environment": "mars"})
