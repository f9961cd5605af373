"""Delete a run's group, and purge what Azure keeps of it, so that nothing stays.

https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/deleted-accounts/purge
https://learn.microsoft.com/rest/api/apimanagement/deleted-services/purge
https://learn.microsoft.com/rest/api/loganalytics/workspaces/delete (force)
"""

from __future__ import annotations

from collections.abc import Callable

from tools.acceptance.arm import FAILED, NOT_FOUND, VERSIONS, Arm, NoAnswerError, status_and_code
from tools.acceptance.events import Facts


def kept(arm: Arm) -> Facts:
    """Tell by resource whether Azure keeps what was deleted: `yes`, `no`, or why not known."""
    found = Facts()
    for kind in ("account", "gateway"):
        answer = arm.send("GET", arm.plan.deleted_id(kind), VERSIONS[kind])
        known = {200: "yes", NOT_FOUND: "no"}
        found[f"kept {kind}"] = known.get(answer.status_code) or status_and_code(answer)
    try:
        found["kept workspace"] = "yes" if _workspace_is_kept(arm) else "no"
    except NoAnswerError as error:
        found["kept workspace"] = str(error)
    return found


def purge(arm: Arm) -> Facts:
    """Delete the group with all that is in it, purge what is kept, and return how each went.

    Only a workspace that exists can be purged, by a forced deletion. So a deleted one is first
    created again under its own name in its own group, which recovers it:
    https://learn.microsoft.com/azure/azure-monitor/logs/delete-workspace
    """
    plan = arm.plan
    parts: dict[str, Callable[[], str]] = {
        "recover workspace": lambda: _recover(arm),
        "purge workspace": lambda: arm.remove(
            plan.id("workspace"), VERSIONS["workspace"], force="true"
        ),
        "delete group": lambda: arm.remove(plan.group_id, VERSIONS["group"]),
        "purge account": lambda: arm.remove(plan.deleted_id("account"), VERSIONS["account"]),
        "purge gateway": lambda: arm.remove(plan.deleted_id("gateway"), VERSIONS["gateway"]),
    }
    found = Facts()
    for name, work in parts.items():
        try:
            found[name] = work()
        except Exception as error:  # noqa: BLE001 what is left of the others goes all the same
            found[name] = type(error).__name__
    return found


def _recover(arm: Arm) -> str:
    """Create a soft-deleted workspace again, which recovers it; return how that went."""
    plan, version = arm.plan, VERSIONS["workspace"]
    workspace = plan.id("workspace")
    if arm.is_there(workspace, version) or not _workspace_is_kept(arm):
        return "not needed"
    body = {"location": plan.location}
    arm.send("PUT", plan.group_id, VERSIONS["group"], body)
    sku = {"properties": {"sku": {"name": "PerGB2018"}}}
    made = arm.send("PUT", workspace, version, body | sku)
    return "done" if made.status_code < FAILED else status_and_code(made)


def left(arm: Arm) -> list[str]:
    """Return what a run has left, or may have: id and what to do; empty if it left nothing."""
    looks = (_group_left, _deleted_left, _workspace_left)
    found: list[str] = []
    for look in looks:
        try:
            found += look(arm)
        except NoAnswerError as error:
            names = ", ".join([arm.plan.group, *arm.plan.names.values()])
            found.append(f"not known, as Azure cannot be asked ({error}); look for {names}")
    return found


def _group_left(arm: Arm) -> list[str]:
    plan = arm.plan
    there = arm.is_there(plan.group_id, VERSIONS["group"])
    return [f"{plan.group_id}: az group delete --name {plan.group}"] if there else []


def _deleted_left(arm: Arm) -> list[str]:
    gone = {arm.plan.deleted_id(kind): VERSIONS[kind] for kind in ("account", "gateway")}
    return [
        f'{path}: az rest --method delete --url "{path}?api-version={version}"'
        for path, version in gone.items()
        if arm.is_there(path, version)
    ]


def _workspace_left(arm: Arm) -> list[str]:
    workspace = arm.plan.id("workspace")
    told = f"{workspace}: soft-deleted, Azure removes it after 14 days"
    return [told] if _workspace_is_kept(arm) else []


def _workspace_is_kept(arm: Arm) -> bool:
    """Tell whether Azure keeps the deleted workspace.

    https://learn.microsoft.com/rest/api/loganalytics/deleted-workspaces/list
    """
    root = f"/subscriptions/{arm.plan.subscription}/providers/Microsoft.OperationalInsights"
    deleted = arm.list(f"{root}/deletedWorkspaces", VERSIONS["deletedWorkspaces"])
    names = [one.get("name") for one in deleted]
    return arm.plan.names["workspace"] in names
