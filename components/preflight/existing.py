"""What the stack file names as existing: the workspace, and the gateway with tier and identity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from components.preflight.accounts import FIX
from components.preflight.facts import Azure, Check, Read
from components.preflight.lines import Line, fine, wrong
from components.preflight.names import WORKSPACES
from components.preflight.place import LOGS, MANAGEMENT, SERVICES
from components.preflight.plan import Plan
from components.settings.limits import UNITS_BY_TIER


def _workspace_reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    return {"workspace": partial(azure.manager.get, plan.settings.workspace_id, WORKSPACES)}


def _judge_workspace(plan: Plan, azure: Azure) -> Iterator[Line]:
    if azure.fact("workspace"):
        yield fine("workspaceId", "the workspace exists")
    else:
        yield wrong("workspaceId", f"{plan.settings.workspace_id} does not exist", FIX)


def _gateway_reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    return {"gateway": partial(azure.manager.get, plan.settings.gateway_id, SERVICES)}


def _judge_gateway(plan: Plan, azure: Azure) -> Iterator[Line]:
    found = azure.fact("gateway")
    if not found:
        yield wrong("gatewayId", f"{plan.settings.gateway_id} does not exist", FIX)
        return
    tier = str(found["sku"]["name"])
    if tier == "Consumption":
        fix = f"name a service of another tier: {', '.join(UNITS_BY_TIER)}"
        yield wrong("gatewayId", "tier Consumption cannot log to Azure Monitor", fix)
    elif not (found.get("identity") or {}).get("principalId"):
        fix = "switch it on under Security > Managed identities"
        yield wrong("gatewayId", "the service has no system-assigned identity", fix)
    else:
        yield fine("gatewayId", f"the service exists, of tier {tier}, with an identity")


WORKSPACE = Check(
    id="workspaceId",
    about="the existing workspace is there",
    right=f"{LOGS}/workspaces/read",
    applies=lambda plan: bool(plan.settings.workspace_id),
    reads=_workspace_reads,
    judge=_judge_workspace,
)
GATEWAY = Check(
    id="gatewayId",
    about="the existing gateway is there, with an identity, and of a tier that logs",
    right=f"{MANAGEMENT}/service/read",
    applies=lambda plan: bool(plan.settings.gateway_id),
    reads=_gateway_reads,
    judge=_judge_gateway,
)
