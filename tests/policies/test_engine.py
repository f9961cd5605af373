"""The pack under the real engine, on the example stack and on stacks that break its policies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from components.settings.limits import GATEWAY_ROLES
from harness.example import ROOT
from harness.machine import Done, Machine
from sandbox.cloud import SUBSCRIPTION_ID
from tests.engine.networks import PROGRAM
from tests.engine.stacks import QUICK
from tests.engine.test_accounts import ACCOUNTS
from tests.policies.harness import DAY, EXAMPLE, PRIVATE, SEVERAL
from tests.policies.losses import LOSSES

FILE = "policies/guardrails.json"
POLICY = "policies/gateway/fragments/caller-secrets.xml"
CONTRIBUTOR = "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68"
NAMED = {"accountName": "oai-example", "gatewayName": "apim-example"}
"""With names of their own, the policy's text is known to a first preview."""
FOUR = [{**account, "accountName": f"oai-{account['name']}"} for account in ACCOUNTS]
BEHIND = {"accounts": FOUR, "deployments": None, "accountName": None, "gatewayName": "apim-example"}
"""Four accounts in three regions behind the one API."""
NETWORK = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-net/providers/Microsoft.Network"
SUBNETS, ZONES = f"{NETWORK}/virtualNetworks/vnet-hub/subnets", f"{NETWORK}/privateDnsZones"
WITHIN = {
    **NAMED,
    "gatewayTier": "StandardV2",
    "network": {
        "gatewaySubnetId": f"{SUBNETS}/gateways",
        "endpointSubnetId": f"{SUBNETS}/endpoints",
        "dnsZoneIds": [
            f"{ZONES}/privatelink.{name}" for name in ("openai.azure.com", "azure-api.net")
        ],
        "gatewayPublicNetworkAccess": "Disabled",
    },
}
"""Account and gateway behind private endpoints."""
RECORDER = """
import json, sys
sys.path.insert(0, {guardrails!r})
from pack.engine import validate_resource, validate_stack
from pack.kinds import Kind
from pulumi_policy import PolicyPack, ResourceValidationPolicy, StackValidationPolicy
types, document = {{}}, {{"value": "(the document)"}}
def see(args, report):
    types[args.urn] = args.resource_type
    validate_resource(lambda resource, config: iter(()), ())(args, report)
def record(stack, config):
    names = {{one.urn: one.name for one in stack.resources}}
    shown = {{
        one.name: {{
            "type": types[one.urn],
            "props": one.props | (document if one.kind == Kind.API else {{}}),
            "links": {{key: sorted(map(names.get, urns)) for key, urns in one.links.items()}},
        }}
        for one in stack.of_kind(*Kind)
    }}
    with open({file!r}, "w") as file:
        file.write(json.dumps(shown, indent=1, sort_keys=True, default=repr) + "\\n")
    return iter(())
seeing = ResourceValidationPolicy("see", "See.", see)
PolicyPack("recorder", [seeing, StackValidationPolicy("record", "Record.", validate_stack(record))])
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    configure(made, DAY)
    return made


def guarded(machine: Machine, *verb: str) -> Done:
    pack = ("--policy-pack", "policies/guardrails", "--policy-pack-config", FILE)
    return machine.run("pulumi", *verb, *pack)


def edit(machine: Machine, file: str, old: str, new: str) -> None:
    path = machine.project / file
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new))


def configure(machine: Machine, configuration: dict[str, Any]) -> None:
    (machine.project / FILE).write_text(json.dumps(configuration))


def report(path: str, found: str, wanted: str) -> str:
    return f"property: {path} found: {found} wanted: {wanted}"


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("recorded", "settings"), [(EXAMPLE, NAMED), (SEVERAL, BEHIND), (PRIVATE, WITHIN)]
)
def test_an_example_is_recorded_as_the_engine_shows_it(
    machine: Machine,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    recorded: Path,
    settings: dict[str, Any],
) -> None:
    pack, file = tmp_path / "recorder", tmp_path / "example.json"
    pack.mkdir()
    guardrails = str(ROOT / "policies" / "guardrails")
    (pack / "__main__.py").write_text(RECORDER.format(guardrails=guardrails, file=str(file)))
    runtime = f"runtime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
    (pack / "PulumiPolicy.yaml").write_text(runtime)
    if "network" in settings:
        Machine(tmp_path / "platform", cloud=machine.cloud, program=PROGRAM).up(options=QUICK)
    machine.configure(**settings)
    machine.pulumi("preview", "--policy-pack", str(pack))
    if request.config.getoption("--golden"):
        recorded.write_text(file.read_text())
    assert _settled(file) == _settled(recorded), "run pytest tests/policies/test_engine.py --golden"


def _settled(file: Path) -> Any:
    """Leave out the roles' random names."""
    shown = json.loads(file.read_text())
    for one in shown.values():
        one["props"].pop("roleAssignmentName", None)
    return shown


def test_the_example_stack_passes_and_says_what_is_not_known_yet(machine: Machine) -> None:
    done = guarded(machine, "up", "--yes")
    assert done.status == 0, done.text
    assert "[mandatory]" not in done.text
    preview, update = done.text.split("Updating (dev)")
    assert "can't run policy 'api-policy'" in preview
    assert "can't run policy" not in update
    assert "[advisory]  account-public-network" in update
    again = guarded(machine, "preview", "--expect-no-changes")
    assert again.status == 0, again.text
    assert "can't run policy" not in again.text


def test_four_accounts_pass_until_a_way_leads_elsewhere(machine: Machine) -> None:
    machine.configure(**BEHIND)
    done = guarded(machine, "up", "--yes")
    assert done.status == 0, done.text
    assert "[mandatory]" not in done.text
    assert "can't run policy" not in done.text
    again = guarded(machine, "preview", "--expect-no-changes")
    assert again.status == 0, again.text
    routing = "components/openai_api/routing.py"
    edit(machine, routing, "url=url", 'url="https://example.com/openai"')
    member = "id=members[one.backend].id"
    edit(machine, routing, member, f'{member}.apply(lambda known: known + "-other")')
    edit(machine, routing, "backend=own[numbers[0]]", 'backend="other"')
    told = words(guarded(machine, "preview").text)
    assert "[mandatory] backends" in told
    assert report("url", '"https://example.com/openai"', "the https address of an account") in told
    assert "property: pool.services found:" in told
    assert 'embeddings/set-backend-service backend-id found: "other"' in told


def test_a_program_with_every_known_loss_is_refused_for_each(machine: Machine) -> None:
    machine.configure(**NAMED)
    for loss in LOSSES:
        for file, old, new in loss.edits:
            edit(machine, file, old, new)
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    told = words(done.text)
    for loss in LOSSES:
        assert f"[mandatory] {loss.policy}" in told, loss
        assert f"property: {loss.at or loss.path.replace('/', '.')} found:" in told, loss


def test_what_was_not_known_at_preview_is_refused_before_it_is_made(machine: Machine) -> None:
    deletion = '<set-header name="Authorization" exists-action="delete" />'
    secret = '<set-header name="x-gateway-secret"><value>hunter2</value></set-header>'
    edit(machine, POLICY, deletion, deletion + secret)
    edit(machine, "components/gateway.py", '"/loggers/", LOGGER', '"/loggers/", "other"')
    done = guarded(machine, "up", "--yes", "--skip-preview")
    assert done.status != 0, done.text
    assert "[mandatory]  api-policy" in done.text
    assert "found: set-header x-gateway-secret (values are not shown)" in words(done.text)
    assert "hunter2" not in done.text
    made = {entry["type"] for entry in machine.changes()}
    assert "azure-native:apimanagement:Api" in made
    assert "azure-native:apimanagement:ApiPolicy" not in made


def test_settings_and_a_program_that_break_several_policies(machine: Machine) -> None:
    old = {"name": "text-turbo", "model": "gpt-4.1-nano", "version": "2025-04-14", "capacity": 10}
    machine.configure(samplingPercentage=50, deployments=[old])
    configure(machine, {**DAY, "account-public-network": "mandatory"})
    account, api = "components/openai_account.py", "components/openai_api/component.py"
    edit(machine, account, "disable_local_auth=True", "disable_local_auth=False")
    edit(machine, "components/settings/limits.py", next(iter(GATEWAY_ROLES.values())), CONTRIBUTOR)
    edit(machine, api, "after=self._policy(name, api)", "after=api")
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    told = words(done.text)
    assert "[mandatory] api-logging" in told
    assert report("sampling.percentage", "50", "100") in told
    assert "[mandatory] model-retirement" in told
    assert "gpt-4.1-nano 2025-04-14, which retired on 2026-10-14" in told
    assert "[mandatory] account-public-network" in told
    assert report("properties.disableLocalAuth", "false", "true") in told
    assert "[mandatory] roles" in told
    assert CONTRIBUTOR in told
    assert (
        report("its apimanagement:ApiPolicy", "not set", "one whose apiId is made from it") in told
    )


def test_policies_for_the_stack_judge_when_all_others_are_disabled(machine: Machine) -> None:
    names = ("diagnostic-settings", "connected")
    one = {"all": "disabled", "api-logging": "mandatory", **dict.fromkeys(names, "mandatory")}
    configure(machine, one)
    done = guarded(machine, "up", "--yes", "--skip-preview")
    assert done.status == 0, done.text
    assert "can't run" not in done.text
    configure(machine, {"all": "disabled", "diagnostic-settings": "mandatory"})
    done = guarded(machine, "preview")
    assert "can't run policy 'diagnostic-settings'" in done.text, "nobody saw what was asked for"


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"nosuch": "mandatory"}, "guardrails.json: a policy is named 'nosuch'; wanted: account,"),
        ({"account": {"maxx": 3}}, "a parameter of account is named 'maxx'; wanted: also, "),
        (
            {"account": {"also": ["Account.sku.tier", "Workspace.features"]}},
            "also.1: Does not match pattern '^(Account|Deployment)\\..+'",
        ),
        ({"model-retirement": {"today": "tomorrow"}}, "today: Does not match format 'date'"),
    ],
)
def test_a_wrong_configuration_is_refused_before_the_preview(
    machine: Machine, configuration: dict[str, Any], words: str
) -> None:
    configure(machine, configuration)
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    assert words in done.text
    assert "openai-api" not in done.text
