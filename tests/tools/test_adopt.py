"""What `tools.adopt` asks Azure for, and what it does with the answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from rich.console import Console

from queries.check.configuration.manager import Manager
from queries.errors import CannotRunError
from sandbox.cloud import SUBSCRIPTION_ID
from sandbox.engine import shapes
from tests.example import ROOT
from tools.adopt import __main__ as command
from tools.adopt import account
from tools.adopt.arm import KINDS, in_azure
from tools.adopt.engine import Engine
from tools.adopt.run import DONE, POLL_SECONDS, UNCLEAR, Adoption
from tools.adopt.stack import UNKNOWN, Plan, State

NATIVE = "azure-native:"
DEFAULT = "urn:pulumi:dev::p::pulumi:providers:azure-native::default"
OTHER = "urn:pulumi:dev::p::pulumi:providers:azure-native::other"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai"
ROLE = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/r"
GRANT = {"scope": ACCOUNT, "principalId": "P-1", "roleDefinitionId": ROLE.upper()}


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::p::comp${kind}::{name}"


def resource(
    kind: str,
    name: str,
    inputs: Mapping[str, Any],
    depends: Mapping[str, list[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A resource as the engine writes it."""
    return {
        "urn": urn(NATIVE + kind, name),
        "type": NATIVE + kind,
        "custom": True,
        "parent": "urn:pulumi:dev::p::comp::comp",
        "provider": f"{DEFAULT}::1",
        "inputs": dict(inputs),
        "propertyDependencies": dict(depends or {}),
        **more,
    }


GATEWAY = resource(
    "apimanagement:ApiManagementService",
    "gateway",
    {"resourceGroupName": "rg", "serviceName": "apim"},
)
API = resource(
    "apimanagement:Api",
    "api",
    {"resourceGroupName": "rg", "serviceName": UNKNOWN, "apiId": "openai"},
    {"serviceName": [GATEWAY["urn"]]},
)


def state(
    *resources: dict[str, Any], pending: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    providers = [
        {"urn": DEFAULT, "type": "pulumi:providers:azure-native", "id": "1", "inputs": {}},
        {
            "urn": OTHER,
            "type": "pulumi:providers:azure-native",
            "id": "2",
            "inputs": {"subscriptionId": "other"},
        },
        {"urn": "urn:pulumi:dev::p::comp::comp", "type": "comp"},
    ]
    operations = [{"type": "creating", "resource": one} for one in pending or []]
    return {"deployment": {"resources": [*providers, *resources], "pending_operations": operations}}


@dataclass
class Pulumi:
    """The engine as `Adoption` sees it: what is imported is in the state of the next round."""

    document: dict[str, Any]
    created: list[dict[str, Any]]
    imported: list[dict[str, Any]] = field(default_factory=list)

    def export(self) -> State:
        return State(self.document)

    def preview(self) -> Plan:
        held = self.export().resources
        steps = [
            {"op": "create", "urn": one["urn"], "newState": one}
            for one in self.created
            if one["urn"] not in held
        ]
        return Plan(steps=steps, config={account.KEY: SUBSCRIPTION_ID})

    def take_in(self, document: dict[str, Any]) -> None:
        assert document["resources"], "Pulumi takes no empty file"
        self.imported += document["resources"]
        planned = {one["urn"]: one for one in self.created}
        self.document["deployment"]["resources"] += [
            {**planned[one["name"]], "id": one["id"]} for one in document["resources"]
        ]

    def replace_state(self, changed: State) -> None:
        self.document = changed.document


@dataclass
class Azure:
    """What exists, by id; a list is a resource's states, request by request."""

    bodies: dict[str, Any]
    status: int = 404
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path)
        self.asked.append(path)
        assert request.method == "GET"
        assert request.url.params["api-version"]
        found = self.bodies.get(path)
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if found is None:
            return httpx.Response(self.status, json={})
        return httpx.Response(200, json=found)


class Credential:
    def get_token(self, *_: str) -> Any:
        return type("Token", (), {"token": "t"})


def adopt(
    pulumi: Pulumi, azure: Azure, *, agreed: bool = True, wait: float = 60
) -> tuple[int, str]:
    """The exit status, and what was printed."""
    out = StringIO()
    adoption = Adoption(
        engine=pulumi,  # type: ignore[arg-type]
        console=Console(file=out, width=200),
        agreed=lambda _: agreed,
        wait_seconds=wait,
        manager=lambda endpoint: Manager(
            endpoint=endpoint,
            client=lambda: httpx.Client(transport=httpx.MockTransport(azure)),
            credential=Credential,
        ),
        sleep=lambda _: None,
    )
    return adoption.run(), out.getvalue()


def test_every_type_of_the_program_has_its_id() -> None:
    snapshot = (ROOT / "tests/components/snapshots/urns.txt").read_text()
    types = {line.split("::")[2].rpartition("$")[2] for line in snapshot.split()}
    optional = {f"{NATIVE}monitor:{one}" for one in ("ActionGroup", "ActivityLogAlert")}
    assert {one for one in types | optional if in_azure(one)} <= KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_versions_are_the_providers(kind: str) -> None:
    shape = shapes.of(kind)
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


def test_what_cannot_exist_is_not_asked_for() -> None:
    """Its name is yet to be made, or that of what it lies in."""
    unnamed = {**GATEWAY, "inputs": {"resourceGroupName": "rg", "serviceName": UNKNOWN}}
    azure = Azure({})
    status, text = adopt(Pulumi(state(), [unnamed, API]), azure)
    assert (status, azure.asked) == (DONE, [])
    assert "nothing to adopt" in text


def test_what_azure_does_not_tell_is_not_judged() -> None:
    strange = resource("storage:Blob", "blob", {"name": "b"})
    status, text = adopt(Pulumi(state(), [GATEWAY, strange]), Azure({}, status=403))
    assert status == UNCLEAR
    assert "not judged: gateway: Azure does not tell: HTTP 403" in text
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
    with pytest.raises(CannotRunError, match="still works: apim is Activating"):
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
    assert (status, len(pulumi.imported)) == (DONE, 1)
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
    assert capsys.readouterr().err == ("tools.adopt: nobody is here to answer\nfix: give --yes\n")


def test_a_stack_that_was_never_deployed_is_left_to_up() -> None:
    """Pulumi makes the provider first; until then nothing can be in Azure by this stack's doing."""
    fresh: dict[str, Any] = {"version": 3, "deployment": None}
    azure = Azure({SERVICE: {}})
    status, text = adopt(Pulumi(fresh, [GATEWAY, API]), azure)
    assert (status, azure.asked) == (DONE, [])
    assert "not looked for: 2 resources" in text


def test_no_subscription_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotRunError, match="no Azure subscription is chosen"):
        account.subscription(DEFAULT, State(state()), {})
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "from-environment")
    assert account.subscription(DEFAULT, State(state()), {}) == "from-environment"
    assert account.subscription(DEFAULT, State(state()), {account.KEY: "mine"}) == "mine"
    assert account.subscription(OTHER, State(state()), {account.KEY: "mine"}) == "other"


def test_the_cloud_is_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_ENVIRONMENT", raising=False)
    assert account.endpoint({}) == "https://management.azure.com"
    china = account.endpoint({"azure-native:environment": "china"})
    assert china == "https://management.chinacloudapi.cn"
    with pytest.raises(CannotRunError, match="mars"):
        account.endpoint({"azure-native:environment": "mars"})
