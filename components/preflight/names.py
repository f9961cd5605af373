"""Names that the stack file gives: whether somebody has them, or a deleted resource keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from components.preflight.accounts import COGNITIVE, VERSION
from components.preflight.facts import Azure, Check, Read, guarded
from components.preflight.lines import Line, fine, wrong
from components.preflight.place import LOGS, MANAGEMENT, SERVICES
from components.preflight.plan import AccountPlan, Plan

GROUPS = "2021-04-01"
"""https://learn.microsoft.com/rest/api/resources/resource-groups/get"""
WORKSPACES = "2023-09-01"
"""https://learn.microsoft.com/rest/api/loganalytics/deleted-workspaces/list"""
ACCOUNT_RIGHT = f"{COGNITIVE}/checkDomainAvailability/action and {COGNITIVE}/deletedAccounts/read"
EXISTS = (
    "exists already, so Pulumi would end with `cannot create already existing resource`",
    "python -m tools.adopt, if a pulumi up of this stack was cut off; else",
)


def group_id(plan: Plan, azure: Azure) -> str:
    """Return the id of the stack's resource group."""
    return f"{azure.root}/resourceGroups/{plan.settings.resource_group_name}"


def _group_reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    return {"group": partial(azure.manager.get, group_id(plan, azure), GROUPS)}


def _judge_group(plan: Plan, azure: Azure) -> Iterator[Line]:
    name, found = plan.settings.resource_group_name, azure.fact("group")
    if plan.settings.use_existing_resource_group:
        if found:
            yield fine("group", f"the resource group {name} exists")
        else:
            fix = "name one that does, or set useExistingResourceGroup false to have it created"
            yield wrong("group", f"resourceGroupName {name} does not exist", fix)
    elif found:
        fix = f"{EXISTS[1]} set useExistingResourceGroup true, or another resourceGroupName"
        yield wrong("group", f"the resource group {name} {EXISTS[0]}", fix)
    else:
        yield fine("group", f"the name {name} is free")


def _named(plan: Plan) -> list[AccountPlan]:
    """Return the accounts to create under a name that the stack file gives."""
    return [one for one in plan.new_accounts if one.account.account_name]


def _account_reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    at, post = azure.provider(COGNITIVE), azure.manager.post
    kept = partial(azure.manager.list, f"{at}/deletedAccounts", VERSION)
    found: dict[str, Read] = {"deleted accounts": kept}
    for part in _named(plan):
        name = part.account.account_name
        asked = {"subdomainName": name, "type": f"{COGNITIVE}/accounts"}
        found[f"subdomain {name}"] = partial(post, f"{at}/checkDomainAvailability", VERSION, asked)
    return found


def _judge_accounts(plan: Plan, azure: Azure) -> Iterator[Line]:
    for part in _named(plan):
        name, line = part.account.account_name, part.line("account-name")
        yield from guarded(line, ACCOUNT_RIGHT, partial(_judge_account, azure, name, line))


def _judge_account(azure: Azure, name: str, line: str) -> Iterator[Line]:
    if at := _kept(azure.fact("deleted accounts"), name):
        part = dict(zip(at.split("/")[1::2], at.split("/")[2::2], strict=False))
        purge = (
            f"az cognitiveservices account purge --name {name} "
            f"--location {part.get('locations')} --resource-group {part.get('resourceGroups')}"
        )
        yield _keeps(line, "account", name, purge, "accountName")
        return
    told: dict[str, Any] = azure.fact(f"subdomain {name}")
    if told["isSubdomainAvailable"]:
        yield fine(line, f"the subdomain {name} is free")
    else:
        why = told.get("reason") or "somebody in Azure has it, or had it in the last 48 hours"
        yield wrong(line, f"accountName {name}: {why}", "set another accountName, or none")


def _gateway_reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    at, asked = azure.provider(MANAGEMENT), {"name": plan.settings.gateway_name}
    return {
        "deleted services": partial(azure.manager.list, f"{at}/deletedservices", SERVICES),
        "name": partial(azure.manager.post, f"{at}/checkNameAvailability", SERVICES, asked),
    }


def _judge_gateway(plan: Plan, azure: Azure) -> Iterator[Line]:
    name = plan.settings.gateway_name
    if at := _kept(azure.fact("deleted services"), name):
        place = at.split("/locations/")[-1].split("/")[0]
        purge = f"az apim deletedservice purge --service-name {name} --location {place}"
        yield _keeps("gateway-name", "gateway", name, purge, "gatewayName")
        return
    told: dict[str, Any] = azure.fact("name")
    if told["nameAvailable"]:
        yield fine("gateway-name", f"the name {name} is free")
    else:
        why = told.get("message") or told.get("reason") or "somebody in Azure has it"
        yield wrong(
            "gateway-name", f"gatewayName {name}: {why}", "set another gatewayName, or none"
        )


def _workspace_reads(_: Plan, azure: Azure) -> dict[str, Read]:
    path = f"{azure.provider(LOGS)}/deletedWorkspaces"
    return {"deleted workspaces": partial(azure.manager.list, path, WORKSPACES)}


def _judge_workspace(plan: Plan, azure: Azure) -> Iterator[Line]:
    """Tell of a deleted workspace that would come back: Azure does not refuse it.

    https://learn.microsoft.com/azure/azure-monitor/logs/delete-workspace#recover-a-workspace-in-a-soft-delete-state
    """
    name, group = plan.settings.workspace_name, f"{group_id(plan, azure)}/".lower()
    ids = [str(one["id"]).lower() for one in azure.fact("deleted workspaces")]
    back = any(one.startswith(group) and one.endswith(f"/{name.lower()}") for one in ids)
    said = "brings back the deleted workspace of that name, with its rows" if back else "is free"
    yield fine("workspace-name", f"the name {name} {said}")


def _kept(deleted: list[dict[str, Any]], name: str) -> str:
    """Return the id of the deleted resource that keeps a name; "" if none does."""
    return next((str(one["id"]) for one in deleted if str(one["name"]).lower() == name.lower()), "")


def _keeps(line: str, what: str, name: str, purge: str, key: str) -> Line:
    detail = f"a deleted {what} keeps the name {name} for up to 48 hours"
    return wrong(line, detail, f"{purge}; or set another {key}, or none")


GROUP = Check(
    id="group",
    about="the resource group is there if it is to be, and is not if it is to be created",
    right="Microsoft.Resources/subscriptions/resourceGroups/read",
    applies=lambda plan: plan.group or plan.settings.use_existing_resource_group,
    reads=_group_reads,
    judge=_judge_group,
)
ACCOUNT = Check(
    id="account-name",
    about="a name given to an account is free",
    right=ACCOUNT_RIGHT,
    applies=lambda plan: bool(_named(plan)),
    reads=_account_reads,
    judge=_judge_accounts,
)
GATEWAY = Check(
    id="gateway-name",
    about="a name given to the gateway is free",
    right=f"{MANAGEMENT}/checkNameAvailability/read and {MANAGEMENT}/deletedservices/read",
    applies=lambda plan: plan.gateway and bool(plan.settings.gateway_name),
    reads=_gateway_reads,
    judge=_judge_gateway,
)
WORKSPACE = Check(
    id="workspace-name",
    about="whether a name given to the workspace brings a deleted one back",
    right=f"{LOGS}/deletedWorkspaces/read",
    applies=lambda plan: plan.workspace and bool(plan.settings.workspace_name),
    reads=_workspace_reads,
    judge=_judge_workspace,
)
