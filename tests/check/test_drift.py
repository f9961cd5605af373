"""What the comparison of the stack's state with Azure takes for the same, and what not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from queries.check.configuration.manager import Manager
from queries.check.drift import source
from queries.check.drift.equal import alike, same
from queries.check.drift.state import StateError, read
from queries.check.drift.whole import compared
from queries.check.proofs.base import Verdict
from queries.check.proofs.drift import verdict
from tests.check.arm import Credential
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.states import declared, state

Json = dict[str, Any]
GROUP = "/subscriptions/1/resourceGroups/rg"
SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
KINDS = {SERVICE: "apimanagement:ApiManagementService", WORKSPACE: "operationalinsights:Workspace"}
SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


class Azure:
    """What Azure answers, by id; every other id is not found."""

    def __init__(self, **answers: Json) -> None:
        self.answers: dict[str, Any] = answers
        self.asked: list[httpx.URL] = []

    def manager(self) -> Manager:
        return Manager(
            endpoint="https://management.azure.com",
            client=lambda: httpx.Client(transport=httpx.MockTransport(self._handle)),
            credential=Credential,
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        found = self.answers.get(request.url.path)
        if found is None and request.url.path.rpartition("/")[2] in LISTS:
            found = {"value": []}
        return httpx.Response(200, json=found) if found else httpx.Response(404, json={})


LISTS = {
    *("diagnosticSettings", "subscriptions", "operations", "diagnostics", "products"),
    *("apiLinks", "apis"),
}


def judged(*resources: Json, **answers: Json) -> Verdict:
    return verdict(compared(Azure(**answers).manager(), read(state(*resources))))


def of_service(
    inputs: Json, now: Json, recorded: Json | None = None, at: str = SERVICE, **envelope: Any
) -> Verdict:
    """Judge one resource, of which Azure has told `recorded` after the write, and tells `now`."""
    resource = declared(at, KINDS[at], inputs, now if recorded is None else recorded)
    return judged(resource, **{at: {"id": at, "properties": now, **envelope}})


NORMALISED: list[tuple[Json, Json]] = [
    ({"customProperties": {"Tls10": "False"}}, {"customProperties": {"Tls10": "false"}}),
    ({"publisherName": "A"}, {"publisherName": "A", "publicNetworkAccess": "Enabled"}),
    ({"zones": ["1", "2"]}, {"zones": ["2", "1"]}),
    ({"certificates": []}, {}),
    ({"sku": {"capacity": 1}}, {"sku": {"capacity": 1.0}}),
    ({"sku": {"capacity": 1}}, {"sku": {"capacity": "1"}}),
    ({"disableGateway": False}, {}),
    ({"restore": True}, {}),
    (
        {"publicIpAddressId": f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/a"},
        {"publicIpAddressId": f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/A".lower()},
    ),
    (
        {"identity": {"userAssignedIdentities": ["/subscriptions/1/a"]}},
        {"identity": {"userAssignedIdentities": {"/subscriptions/1/a": {"clientId": "x"}}}},
    ),
    (
        {"additionalLocations": [{"location": "eastus2"}]},
        {"additionalLocations": [{"location": "East US 2", "platformVersion": "stv2"}]},
    ),
]


@pytest.mark.parametrize(("inputs", "now"), NORMALISED)
def test_what_azure_made_of_a_value_at_the_write_is_no_drift(inputs: Json, now: Json) -> None:
    found = of_service(inputs, now)
    assert found.status == "seen", found.detail


@pytest.mark.parametrize(
    ("inputs", "recorded", "now", "says"),
    [
        (
            {"customProperties": {"Tls10": "False"}},
            {"customProperties": {"Tls10": "False"}},
            {"customProperties": {"Tls10": "false"}},
            "customProperties.Tls10",
        ),
        ({}, {"publicNetworkAccess": "Enabled"}, {"publicNetworkAccess": "Disabled"}, "by nobody"),
        ({}, {}, {"customProperties": {"Tls10": "True"}}, "customProperties.Tls10"),
        ({"zones": ["1"]}, {"zones": ["1"]}, {"zones": ["1", "2"]}, "zones[1] of"),
        ({"zones": ["1", "2"]}, {"zones": ["1", "2"]}, {"zones": ["2"]}, "zones[0] of"),
        (
            {"identity": {"userAssignedIdentities": ["/a"]}},
            {"identity": {"userAssignedIdentities": {"/a": {}}}},
            {"identity": {"userAssignedIdentities": {"/a": {}, "/b": {}}}},
            "/b, declared by nobody",
        ),
    ],
)
def test_what_changed_since_the_write_is_drift(
    inputs: Json, recorded: Json, now: Json, says: str
) -> None:
    found = of_service(inputs, now, recorded)
    assert (found.status, says in found.detail) == ("failed", True), found.detail


def test_what_nobody_can_set_may_change() -> None:
    assert of_service({}, {"platformVersion": "stv2"}, {"platformVersion": "stv1"}).status == "seen"


def test_a_value_that_azure_never_took_is_not_judged() -> None:
    found = of_service({"publisherName": "A"}, {"publisherName": "B"})
    assert found.status == "unjudged"
    assert "publisherName of the ApiManagementService apim is B, as it was right after" in (
        found.detail
    )
    assert found.parts == ("publisherName of the ApiManagementService apim",)


def test_a_value_of_which_no_answer_tells_is_not_judged() -> None:
    found = of_service({"publisherName": "A"}, {})
    assert (found.status, "not in Azure's answer" in found.detail) == ("unjudged", True)


def test_a_name_in_the_id_is_no_property_but_a_like_property_is() -> None:
    assert of_service({"serviceName": "apim", "resourceGroupName": "RG"}, {}).status == "seen"
    found = of_service({"publisherName": "apim"}, {}, {"publisherName": "apim"})
    assert (found.status, "publisherName" in found.detail) == ("failed", True)


def test_a_type_that_the_table_lacks_is_compared_and_its_other_changes_are_not_judged() -> None:
    def of_cache(now: Json) -> Verdict:
        at = f"{SERVICE}/caches/c"
        cache = declared(at, "apimanagement:Cache", {"useFromLocation": "x"}, RECORDED)
        return judged(cache, **{at: {"id": at, "properties": now, "etag": "1"}})

    assert of_cache(RECORDED).status == "seen"
    assert of_cache(RECORDED | {"useFromLocation": "y"}).status == "failed"
    found = of_cache(RECORDED | {"description": "b"})
    assert (found.status, "description" in found.detail) == ("unjudged", True)


ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai"


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize(
    ("option", "version", "status"),
    [
        ("OnceNewDefaultVersionAvailable", "2026-01-01", "seen"),
        ("OnceCurrentVersionExpired", "2026-01-01", "seen"),
        ("NoAutoUpgrade", "2026-01-01", "unjudged"),
        ("NoAutoUpgrade", "2025-01-01", "seen"),
        ("OnceCurrentVersionExpired", "2024-01-01", "failed"),
        ("NoAutoUpgrade", "2024-01-01", "failed"),
        ("OnceCurrentVersionExpired", "turbo", "failed"),
    ],
)
def test_a_models_version_moves_where_the_program_lets_it(
    option: str, version: str, status: str, stated: bool
) -> None:
    at = f"{ACCOUNT}/deployments/d"

    def deployment(of: str) -> Json:
        return {"versionUpgradeOption": option, "model": {"name": "gpt", "version": of}}

    recorded = {"properties": deployment("2025-01-01")}
    resource = declared(
        at, "cognitiveservices:Deployment", recorded if stated else {"properties": {}}, recorded
    )
    found = judged(resource, **{at: {"id": at, "properties": deployment(version)}})
    assert found.status == status, found.detail
    if status != "seen":
        assert "properties.model.version of the Deployment d is" in found.detail


@pytest.mark.parametrize("before", ["", "a"])
def test_a_declared_tag_keeps_its_value_and_others_may_be_added(before: str) -> None:
    def tagged(**tags: str) -> Verdict:
        inputs = {"tags": {"team": before}}
        resource = declared(SERVICE, KINDS[SERVICE], inputs)
        return judged(resource, **{SERVICE: {"id": SERVICE, "tags": tags, "properties": {}}})

    assert tagged(team=before, cost="7").status == "seen"
    assert tagged(team="other").status == "failed"


RECORDED = {"useFromLocation": "x", "description": "a"}


def secret(value: Json) -> Json:
    return {"publisherName": SIGNATURE | value}


def test_a_secret_is_compared_where_the_state_tells_it_and_never_shown() -> None:
    sealed, known = secret({"ciphertext": "x"}), secret({"plaintext": '"hunter2"'})

    unknown = of_service(sealed, {"publisherName": "hunter2"}, sealed)
    assert (unknown.status, "publisherName" in unknown.detail) == ("unjudged", True)
    assert of_service(known, {"publisherName": "hunter2"}, known).status == "seen"
    changed = of_service(known, {"publisherName": "other"}, known)
    assert changed.status == "failed"
    assert not {"hunter2", "other"} & set(changed.detail.split())


def test_a_secret_of_an_answer_is_not_shown_either() -> None:
    known, sealed = secret({"plaintext": '"hunter2"'}), secret({"ciphertext": "x"})

    changed = of_service({}, {"publisherName": "other"}, known)
    assert (changed.status, "publisherName" in changed.detail) == ("failed", True)
    assert not {"hunter2", "other"} & set(changed.detail.replace(",", " ").split())
    assert of_service({}, {"publisherName": "other"}, sealed).status == "unjudged"


def test_only_what_the_program_keeps_in_azure_is_compared() -> None:
    kept = declared(WORKSPACE, KINDS[WORKSPACE], {})
    others = [
        declared(SERVICE, KINDS[SERVICE], {}, delete=True),
        declared(SERVICE, KINDS[SERVICE], {}, external=True),
        declared(SERVICE, KINDS[SERVICE], {}) | {"type": "random:index/randomString:RandomString"},
        declared(SERVICE, KINDS[SERVICE], {}) | {"custom": False},
    ]
    assert [one.id for one in read(state(kept, *others))] == [WORKSPACE]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"deployment": null}', '{"deployment": {}}'])
def test_a_text_that_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(StateError):
        read(text)


def test_each_request_has_the_version_that_the_provider_used() -> None:
    azure = Azure(**{SERVICE: {"id": SERVICE}, WORKSPACE: {"id": WORKSPACE}})
    older = declared(WORKSPACE, KINDS[WORKSPACE], {}, version="")
    compared(
        azure.manager(), read(state(declared(SERVICE, KINDS[SERVICE], {}, version="9"), older))
    )
    versions = {url.path: url.params["api-version"] for url in azure.asked}
    assert (versions[SERVICE], versions[WORKSPACE]) == ("9", "2023-09-01")


def test_many_of_a_kind_are_read_by_their_list_and_what_that_lacks_by_itself() -> None:
    ids = [f"{WORKSPACE}/savedSearches/{number}" for number in range(8)]
    searches = [declared(i, "operationalinsights:SavedSearch", {"query": i}) for i in ids]
    bodies = {i: {"id": i.upper(), "properties": {"query": i}} for i in ids}
    listed: Json = {"value": list(bodies.values())[:7]}
    azure = Azure(**{f"{WORKSPACE}/savedSearches": listed, ids[7]: bodies[ids[7]]})
    found = verdict(compared(azure.manager(), read(state(*searches))))
    assert found.status == "seen", found.detail
    assert [url.path for url in azure.asked] == [f"{WORKSPACE}/savedSearches", ids[7]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PT1H", "PT60M"),
        ("/products/a", f"{SERVICE}/products/a"),
        ("https://a/", "https://a"),
        (1, "1"),
    ],
)
def test_azure_may_write_it_otherwise(one: Any, other: Any) -> None:
    assert alike(one, other)
    assert not same("x", one, other)


@pytest.mark.parametrize(("one", "other"), [("a  b", 'a "  "b'), ("1", "2"), (True, 1), ("P", "P")])
def test_other_values_are_not_alike(one: Any, other: Any) -> None:
    assert alike(one, other) is (one == other and not isinstance(one, bool))


def test_outputs_of_a_file_need_a_state(tmp_path: Path) -> None:
    found = source.drift(
        Azure().manager(), stack=None, outputs=tmp_path / "outputs.json", file=None
    )
    assert verdict(found).status == "unjudged"
    assert "pulumi stack export" in verdict(found).fix


@pytest.mark.parametrize("text", ["<html>", json.dumps({"deployment": {"resources": []}})])
def test_a_state_that_tells_nothing_is_not_judged(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    found = source.drift(Azure().manager(), stack=None, outputs=file, file=file)
    assert verdict(found).status == "unjudged"


@pytest.mark.parametrize("kind", ["creating", "updating", "deleting", "reading", "importing"])
def test_an_update_that_has_not_ended_is_not_judged(tmp_path: Path, kind: str) -> None:
    file, there = tmp_path / "state.json", {"id": SERVICE, "properties": {}}

    def of(text: str) -> Verdict:
        file.write_text(text)
        azure = Azure(**{SERVICE: there}).manager()
        return verdict(source.drift(azure, stack=None, outputs=file, file=file))

    whole = declared(SERVICE, KINDS[SERVICE], {})
    other = declared(WORKSPACE, KINDS[WORKSPACE], {})
    assert of(state(whole)).status == "seen"
    assert of(state(whole, pending_operations=None)).status == "seen"
    for text in (
        state(whole, pending_operations=[{"resource": other, "type": kind}]),
        state(whole, {**other, "custom": False, "initErrors": ["it said hunter2"]}),
    ):
        found = of(text)
        assert (found.status, found.parts) == ("unjudged", (other["urn"],))
        assert "hunter2" not in found.detail
    assert kind in of(state(pending_operations=[{"resource": other, "type": kind}])).detail
    assert of(state(whole, pending_operations=[7])).status == "unjudged"


def test_a_secret_is_asked_for_only_where_one_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    plain = state(declared(SERVICE, KINDS[SERVICE], {}))
    sealed = state(declared(SERVICE, KINDS[SERVICE], secret({"ciphertext": "x"})))

    for text, commands in ((plain, 1), (sealed, 2)):

        def ask(_: str | None, *command: str, text: str = text) -> str:
            asked.append(command)
            return text

        monkeypatch.setattr(source, "ask_pulumi", ask)
        asked.clear()
        source.drift(Azure().manager(), stack="dev", outputs=None, file=None)
        assert len(asked) == commands
        assert "--show-secrets" not in asked[0]


def test_an_allowed_part_is_no_fault_of_the_run(run: Run) -> None:
    run.azure.arm.denied = ("/loggers/azuremonitor",)
    report = run("--allow", "drift")
    assert (report.verdict, of(report, "drift")[0]) == ("proven", "unjudged")
