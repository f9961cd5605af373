"""An account that a team has already is called, and nothing of it is declared but what is added."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings

from components import existing_account
from components.azure import own_state
from components.settings.items import Deployment
from harness.example import example_config
from tests.components.harness import SUBSCRIPTION, Json, Refused, Run, run_without_insights
from tests.components.test_bad_input import refusal
from tests.components.test_existing import GATEWAY, GET_SERVICE, OTHER, SERVICE

ID = "/subscriptions/{}/resourceGroups/rg-ai/providers/Microsoft.CognitiveServices/accounts/shared"
HERE, ELSEWHERE = ID.format(SUBSCRIPTION), ID.format(OTHER)
DECLARED: Json = example_config()["deployments"][0]
THERE: Json = {**DECLARED, "existing": True}
ACCOUNT: Json = {
    "id": HERE,
    "name": "shared",
    "kind": "OpenAI",
    "properties": {
        "customSubDomainName": "shared-sub",
        "disableLocalAuth": True,
        "endpoint": "https://shared-sub.openai.azure.com/",
        "publicNetworkAccess": "Enabled",
    },
}
GET_ACCOUNT, GET_DEPLOYMENT = (
    f"azure-native:cognitiveservices:get{kind}" for kind in ("Account", "Deployment")
)
FOUND: Json = {
    "id": f"{HERE}/deployments/{DECLARED['name']}",
    "properties": {"model": {"name": DECLARED["model"], "version": DECLARED["version"]}},
    "sku": {"name": DECLARED["sku"], "capacity": DECLARED["capacity"]},
}


def with_account(config: Json | None = None, *, account: Json | None = None, **more: Any) -> Run:
    answers = {GET_ACCOUNT: account or ACCOUNT, GET_DEPLOYMENT: FOUND, GET_SERVICE: SERVICE}
    return run_without_insights({"accountId": HERE, **(config or {})}, answers=answers, **more)


def changed(**properties: Any) -> Json:
    return {**ACCOUNT, "properties": {**ACCOUNT["properties"], **properties}}


def test_account_is_read_and_called_where_azure_says() -> None:
    run = with_account()
    assert "azure-native:cognitiveservices:Account" not in {r.type for r in run.requests.values()}
    assert not run.reads
    assert run.stack["proof"]["backendUrl"] == "https://shared-sub.openai.azure.com/openai"
    assert "https://shared-sub.openai.azure.com/openai" in run.inputs("openai-api-policy")["value"]
    assert run.stack["proof"]["accountExisting"] is True
    assert run.stack["accountId"] == HERE
    assert run.inputs("openai-account-diagnostics")["resourceUri"] == HERE
    assert run.inputs("openai-api-role")["scope"] == HERE


def test_foundry_account_is_called_at_its_address_for_azure_openai() -> None:
    account = changed(
        endpoint="https://shared-sub.cognitiveservices.azure.com/",
        endpoints={existing_account.OPENAI: "https://shared-sub.openai.azure.com/"},
    )
    run = with_account(account={**account, "kind": "AIServices"})
    assert run.stack["accountEndpoint"] == "https://shared-sub.openai.azure.com/"


def test_deployment_lies_in_the_accounts_group_and_is_the_stacks_own() -> None:
    run = with_account()
    made = run.inputs("deployment-text-turbo")
    assert (made["accountName"], made["resourceGroupName"]) == ("shared", "rg-ai")
    hooks = run.request("deployment-text-turbo").hooks.before_create
    assert list(hooks) == ["openai-account-new-deployment"]


NEW: Json = {"resourceGroupName": "rg-ai", "accountName": "shared", "deploymentName": "text-turbo"}


@pytest.mark.parametrize(
    ("holder", "preview", "refused"),
    [
        ({"id": HERE.upper()}, True, False),
        ({"id": HERE.replace("shared", "other")}, True, True),
        ({"id": HERE.removesuffix("d")}, True, True),
        ({"id": HERE}, False, True),
        ({}, True, False),
        (None, True, True),
    ],
)
def test_a_preview_lets_only_what_the_stack_has_itself_be_replaced(
    holder: Json | None, *, preview: bool, refused: bool
) -> None:
    """What lies in another account than the one in the state is somebody else's."""
    urn = "urn:pulumi:dev::azure-openai-accounted::{}::{}".format
    kinds = "aoai:index:OpenAIAccount", "azure-native:cognitiveservices:Deployment"
    mine = urn("$".join(kinds), "deployment-text-turbo")
    state = {
        urn(kinds[0], "openai-account"): {"type": kinds[0], "outputs": holder},
        mine: {"type": kinds[1], "outputs": {"name": "text-turbo"}},
    }
    answers = {
        GET_ACCOUNT: ACCOUNT,
        GET_DEPLOYMENT: FOUND,
        own_state.STATE: {"outputs": {} if holder is None else state},
    }
    run_without_insights({"accountId": HERE}, answers=answers, preview=preview)
    hooks: Any = settings.SETTINGS.callbacks
    named = {hook.name: hook for hook in hooks.resource_hooks}
    look = named["openai-account-new-deployment"].callback
    args = pulumi.ResourceHookArgs(mine, "", "deployment-text-turbo", kinds[1], new_inputs=NEW)
    with pytest.raises(pulumi.RunError) if refused else nullcontext():
        asyncio.get_event_loop().run_until_complete(look(args))


@pytest.mark.parametrize("organization", ["", "acme"])
def test_the_engine_is_asked_for_the_stack_and_may_not_tell(
    organization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "get_organization", lambda: organization)
    [asked] = [given for token, given in with_account().azure.calls if token == own_state.STATE]
    whole = "acme/azure-openai-accounted/dev"
    assert asked["stackName"] == (whole if organization else "dev")
    answers = {GET_ACCOUNT: ACCOUNT, own_state.STATE: Refused("no such\nfunction")}
    with pytest.raises(pulumi.RunError, match=r"does not tell .* holds: .*no such function"):
        run_without_insights({"accountId": HERE}, answers=answers)


def test_existing_deployment_is_never_declared() -> None:
    run = with_account({"deployments": [THERE, {**DECLARED, "name": "mine"}]})
    names = {r.name for r in run.requests.values() if r.custom}
    assert "deployment-text-turbo" not in names
    assert "deployment-mine" in names
    told = run.stack["proof"]["deployments"]
    assert [one.get("existing", False) for one in told] == [True, False]


def test_account_that_logs_already_gets_no_second_setting() -> None:
    run = with_account({"accountDiagnosticSettingName": ""})
    assert "openai-account-diagnostics" not in {r.name for r in run.requests.values()}


def test_account_of_another_subscription_is_reached_by_a_provider_of_that_one() -> None:
    run = with_account({"accountId": ELSEWHERE}, account={**ACCOUNT, "id": ELSEWHERE})
    assert run.inputs("openai-account-subscription")["subscriptionId"] == OTHER
    inside = ["deployment-text-turbo", "openai-account-diagnostics"]
    providers = {run.request(name).provider for name in inside}
    (one,) = providers
    assert "::openai-account-subscription::" in one
    role = run.inputs("openai-api-role")["roleDefinitionId"]
    assert role.startswith(f"/subscriptions/{OTHER}/providers/")


GROUP = {"resourceGroupName": "rg-ai", "useExistingResourceGroup": "true"}
GET_GROUP = "azure-native:resources:getResourceGroup"
GROUP_FOUND = {"id": HERE.partition("/providers/")[0], "name": "rg-ai", "location": "eastus"}


def held(**more: str) -> Json:
    """The state of a stack that has created the account, its deployment and the group."""
    urn = "urn:pulumi:dev::azure-openai-accounted::aoai:index:OpenAIAccount$"
    resources = {
        "azure-native:cognitiveservices:Account::openai-account": {"name": "SHARED"},
        "azure-native:cognitiveservices:Deployment::deployment-text-turbo": {"name": "text-turbo"},
        "azure-native:resources:ResourceGroup::resource-group": {"name": "rg-ai"},
        "aoai:index:OpenAIAccount::openai-account": {"id": HERE, **more},
    }
    return {
        "outputs": {
            f"{urn}{one}": {"type": one.rpartition("::")[0], "outputs": outputs}
            for one, outputs in resources.items()
        }
    }


def handed_over(config: Json | None = None, **more: str) -> Run:
    answers = {
        own_state.STATE: held(**more),
        GET_ACCOUNT: ACCOUNT,
        GET_DEPLOYMENT: FOUND,
        GET_GROUP: GROUP_FOUND,
    }
    return run_without_insights(
        {"accountId": HERE, "deployments": [THERE], **GROUP, **(config or {})}, answers=answers
    )


def test_what_the_stack_created_is_read_so_that_it_is_let_go() -> None:
    run = handed_over()
    reads = {name: read.id for name, read in run.reads.items()}
    assert reads == {
        "resource-group": GROUP_FOUND["id"],
        "openai-account": HERE,
        "deployment-text-turbo": FOUND["id"],
    }


def test_account_is_let_go_by_the_id_in_the_state() -> None:
    """In another letter case it would count as another one, and the stack's be deleted."""
    written = HERE.replace("rg-ai", "RG-AI")
    assert handed_over(id=written).reads["openai-account"].id == written


@pytest.mark.parametrize(
    "config",
    [
        {"accountId": HERE.replace("accounts/shared", "accounts/other")},
        {"accountId": HERE.replace("rg-ai", "rg-other")},
        {"accountId": ELSEWHERE},
    ],
)
def test_another_account_is_never_read_in_place_of_the_stacks_own(config: Json) -> None:
    """The engine would delete the stack's own for it, even if that is protected."""
    assert set(handed_over(config).reads) == {"resource-group"}


def test_another_group_is_never_read_in_place_of_the_stacks_own() -> None:
    assert "resource-group" not in handed_over({"resourceGroupName": "rg-other"}).reads


def test_account_in_the_group_that_the_stack_creates_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="set useExistingResourceGroup true"):
        handed_over({"useExistingResourceGroup": "false"})


def test_account_of_the_stacks_subscription_needs_no_provider_of_its_own() -> None:
    """So what a stack has created is not replaced when it hands its account over."""
    run = with_account()
    names = {request.name for request in run.requests.values()}
    assert "openai-account-subscription" not in names
    providers = {run.request(name).provider for name in ("deployment-text-turbo", "name-suffix")}
    assert providers == {""}


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({**ACCOUNT, "kind": "SpeechServices"}, "is of kind SpeechServices"),
        (changed(customSubDomainName=None), "has no custom subdomain"),
        (changed(publicNetworkAccess="Disabled"), "publicNetworkAccess is Disabled"),
        (changed(networkAcls={"defaultAction": "Deny"}), "networkAcls.defaultAction is Deny"),
    ],
)
def test_account_that_cannot_be_called_is_one_clear_error(account: Json, reason: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"named by accountId .*{reason}"):
        with_account(account=account)


@pytest.mark.parametrize(
    ("account", "config"),
    [
        (changed(publicNetworkAccess="Disabled"), {"gatewayId": GATEWAY}),
        (changed(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]}), {}),
    ],
)
def test_account_that_may_be_reached_is_a_warning(
    account: Json, config: Json, warnings: list[str]
) -> None:
    with_account(config, account=account)
    assert "the gateway must reach it by a private endpoint" in warnings[0]


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ({GET_ACCOUNT: Refused("Status=404")}, "accounts[1].id: "),
        ({GET_ACCOUNT: {**ACCOUNT, "kind": "SpeechServices"}}, "named by accounts[1].id is of"),
        ({GET_ACCOUNT: changed(customSubDomainName=None)}, "named by accounts[1].id has no"),
        ({GET_ACCOUNT: changed(publicNetworkAccess="Disabled")}, "by accounts[1].id refuses"),
        ({GET_DEPLOYMENT: Refused("Status=404")}, "accounts[1].deployments: the deployment"),
        (
            {GET_DEPLOYMENT: {**FOUND, "sku": {"name": "Standard"}}},
            "accounts[1].deployments: text-turbo",
        ),
    ],
)
def test_errors_name_the_entry_of_a_list(answers: Json, key: str) -> None:
    new = {"name": "new", "deployments": [{**DECLARED, "name": "mine"}]}
    there = {"name": "there", "id": HERE, "deployments": [THERE]}
    config = {"accounts": [new, there], "deployments": []}
    given = {GET_ACCOUNT: ACCOUNT, GET_DEPLOYMENT: FOUND, **answers}
    with pytest.raises(pulumi.RunError) as caught:
        run_without_insights(config, answers=given)
    assert key in str(caught.value)


def test_warnings_name_the_entry_of_a_list(warnings: list[str]) -> None:
    there = {"name": "there", "id": HERE, "deployments": [THERE]}
    account = changed(disableLocalAuth=False, publicNetworkAccess="Disabled")
    answers = {GET_ACCOUNT: account, GET_DEPLOYMENT: FOUND, GET_SERVICE: SERVICE}
    config = {"accounts": [there], "deployments": [], "gatewayId": GATEWAY}
    run_without_insights(config, answers=answers)
    assert "named by accounts[0].id refuses" in warnings[0]
    assert "set accounts[0].keys allow" in warnings[1]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    "answers",
    [
        {GET_ACCOUNT: Refused("Status=404")},
        {GET_ACCOUNT: Refused("Status=403")},
        {GET_ACCOUNT: {**ACCOUNT, "kind": "SpeechServices"}},
        {GET_ACCOUNT: changed(publicNetworkAccess="Disabled")},
        {GET_DEPLOYMENT: Refused("Status=404")},
        {GET_DEPLOYMENT: Refused("Status=403")},
        {GET_DEPLOYMENT: {**FOUND, "sku": {"name": "Standard", "capacity": 1}}},
    ],
)
def test_what_cannot_be_used_stops_the_program_before_anything_is_declared_for_it(
    answers: Json, *, several: bool
) -> None:
    config: Json = {"accountId": HERE, "deployments": [{**DECLARED, "name": "mine"}, THERE]}
    if several:
        new = {"name": "new", "deployments": [{**DECLARED, "name": "mine"}]}
        there = {"name": "there", "id": HERE, "deployments": config["deployments"]}
        config = {"accounts": [new, there], "deployments": []}
    declared: list[str] = []
    with pytest.raises(pulumi.RunError):
        run_without_insights(
            config,
            answers={GET_ACCOUNT: ACCOUNT, GET_DEPLOYMENT: FOUND, **answers},
            declared=declared,
        )
    ours = ("gateway", "openai-api", "deployment-mine", "openai-account-new", "deployment-new-mine")
    assert not {*ours, "openai-account-there-diagnostics"} & set(declared)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_, **__: said.append(text))
    return said


@pytest.mark.parametrize(("keys", "told"), [("refuse", 1), ("allow", 0)])
def test_keys_that_are_on_are_told(keys: str, told: int, warnings: list[str]) -> None:
    run = with_account({"accountKeys": keys}, account=changed(disableLocalAuth=False))
    assert [f"'{HERE}?api-version=" in text for text in warnings] == [True] * told
    assert run.stack["proof"].get("accountKeys", "refuse") == keys


def deployment(**more: Any) -> Deployment:
    return Deployment.model_validate({**THERE, **more})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"model": "gpt-9"}, "model gpt-5.6-luna .the stack file says gpt-9."),
        ({"sku": "Standard"}, "sku GlobalStandard .the stack file says Standard."),
    ],
)
def test_existing_deployment_must_be_what_is_said(more: Json, said: str) -> None:
    with pytest.raises(pulumi.RunError, match=said):
        existing_account.check_deployment(deployment(**more), FOUND, "deployments")


@pytest.mark.parametrize("more", [{"version": "2020-01-01"}, {"capacity": 99}])
def test_version_and_capacity_that_moved_are_told(more: Json, warnings: list[str]) -> None:
    existing_account.check_deployment(deployment(**more), FOUND, "deployments")
    (key,) = more
    assert f"{key} " in warnings[0]


@pytest.mark.parametrize(
    ("config", "allowed"),
    [
        ({"accountId": HERE, "accountName": "oai"}, '"", because accountId names an existing one'),
        ({"accountId": f"{HERE}/deployments/a"}, "Microsoft.CognitiveServices/accounts/<name>"),
        ({"accountId": GATEWAY}, "Microsoft.CognitiveServices/accounts/<name>"),
        ({"accountDiagnosticSettingName": ""}, "empty only beside accountId"),
        ({"accountKeys": "allow"}, "allow only beside accountId"),
        ({"deployments": [THERE]}, "existing: true only beside accountId"),
        (
            {"accountId": HERE, "deployments": [{**THERE, "contentFilter": "Microsoft.Default"}]},
            "keeps the filter that it has; given for: text-turbo",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(config: Json, allowed: str) -> None:
    assert allowed in " ".join(refusal(config).split())
