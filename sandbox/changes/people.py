"""Changes that a colleague makes in the portal, or a tenant's policy everywhere."""

from collections.abc import Iterator
from typing import Any

from sandbox import arm
from sandbox.arm.base import ACCOUNT, AZURE, GROUP, SERVICE, SETTING, WORKSPACE
from sandbox.changes.change import Change, live
from sandbox.cloud import SUBSCRIPTION_ID, Cloud, Resource
from sandbox.options import Options

ROLE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
NETWORK = "https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks"
TAG = {"cost-center": "4711"}
CENTRAL = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-central"
ACCOUNTS = "2025-06-01"
"""API version of the writes of accounts and their deployments."""
SETTING_NAME = "setByPolicy-LogAnalytics"
"""Name that the built-in policies give a setting by default."""


def _role_deleted(cloud: Cloud) -> Iterator[Resource]:
    """Delete the role assignments at the scope of each account."""
    for assignment in live(cloud, ROLE_ASSIGNMENTS):
        if f"/{ACCOUNT}/".lower() in assignment.id.lower():
            cloud.remove(assignment.id)
            yield assignment


def _put(cloud: Cloud, resource_id: str, version: str, body: dict[str, Any]) -> Resource:
    """Write a resource as the portal does, by a request that Azure judges."""
    return arm.put(cloud, Options(folder=cloud.folder), resource_id, version, body)


def _sku_moved(cloud: Cloud) -> Iterator[Resource]:
    """Move each deployment that is routed worldwide to its data zone."""
    for deployment in live(cloud, f"{ACCOUNT}/deployments"):
        sku = deployment.body["sku"]
        if sku["name"] == "GlobalStandard":
            body = deployment.body | {"sku": sku | {"name": "DataZoneStandard"}}
            yield _put(cloud, deployment.id, ACCOUNTS, body)


def _network_rules(cloud: Cloud) -> Iterator[Resource]:
    """Let accounts take calls of selected networks only, and select none."""
    rules = {"defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    for account in live(cloud, ACCOUNT):
        properties = account.properties | {"networkAcls": rules}
        yield _put(cloud, account.id, ACCOUNTS, account.body | {"properties": properties})


def _network_closed(cloud: Cloud) -> Iterator[Resource]:
    """Close every account to the public network."""
    for account in live(cloud, ACCOUNT):
        account.properties["publicNetworkAccess"] = "Disabled"
        yield account


def _tag_added(cloud: Cloud) -> Iterator[Resource]:
    """Add a tag to every resource that takes tags, now and with each later write."""
    name = "add-tag"
    scope = f"/subscriptions/{SUBSCRIPTION_ID}/providers/{arm.POLICIES}"
    cloud.put(Resource(f"{scope}/{name}", arm.POLICIES, name, {"properties": {"tags": TAG}}))
    for found in sorted(cloud.all(), key=lambda one: one.id.lower()):
        if AZURE["types"].get(found.type, {}).get("tracked") and found.type != GROUP:
            arm.add_tags(cloud, found.body)
            yield found


def _public_denied(cloud: Cloud) -> Iterator[Resource]:
    """Refuse from now on each write of an account that is open to public networks."""
    name, reason = "deny-public", "Public network access must be disabled for PaaS services."
    scope = f"/subscriptions/{SUBSCRIPTION_ID}/providers/{arm.POLICIES}"
    rule = Resource(f"{scope}/{name}", arm.POLICIES, name, {"properties": {"deny": reason}})
    cloud.put(rule)
    yield rule


def _second_setting(cloud: Cloud) -> Iterator[Resource]:
    """Send the logs of gateways and accounts to a workspace of the tenant too."""
    workspace = f"{CENTRAL}/providers/{WORKSPACE}/log-central"
    _put(cloud, CENTRAL, "2024-03-01", {"location": "eastus"})
    _put(cloud, workspace, "2023-09-01", {"location": "eastus", "properties": {}})
    everything = [{"categoryGroup": "allLogs", "enabled": True}]
    properties = {"workspaceId": workspace, "logs": everything, "metrics": []}
    for owner in (*live(cloud, ACCOUNT), *live(cloud, SERVICE)):
        setting = f"{owner.id}/providers/{SETTING}/{SETTING_NAME}"
        yield _put(cloud, setting, "2021-05-01-preview", {"properties": properties})


CHANGES = {
    "role-deleted": Change(
        about="the gateway's role on the account is deleted",
        by="a colleague",
        dated="2026-11-27",
        sure="documented",
        sources=(
            "https://learn.microsoft.com/azure/role-based-access-control/role-assignments-remove",
        ),
        apply=_role_deleted,
    ),
    "sku-moved": Change(
        about="each GlobalStandard deployment becomes DataZoneStandard",
        by="a colleague",
        dated="2026-10-05",
        sure="inferred",
        sources=(
            "https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/deployment-types",
        ),
        apply=_sku_moved,
    ),
    "network-rules": Change(
        about="the account takes calls of selected networks only",
        by="a colleague",
        dated="2025-04-23",
        sure="documented",
        sources=(NETWORK, "https://github.com/Azure-Samples/azure-sql-db-chatbot/issues/3"),
        apply=_network_rules,
    ),
    "network-closed": Change(
        about="the account's public network access is switched off",
        by="a policy of the tenant",
        dated="2026-03-26",
        sure="documented",
        sources=(NETWORK, "https://github.com/TabularEditor/TabularEditor3/issues/1557"),
        apply=_network_closed,
    ),
    "tag-added": Change(
        about="every resource gets a tag of the tenant, again with each write",
        by="a policy of the tenant",
        dated="2026-11-27",
        sure="documented",
        sources=(
            "https://learn.microsoft.com/azure/azure-resource-manager/management/tag-policies",
        ),
        apply=_tag_added,
    ),
    "public-denied": Change(
        about="each write of an account that is open to public networks is refused",
        by="a policy of the tenant",
        dated="2024-06-25",
        sure="documented",
        sources=(
            "https://learn.microsoft.com/azure/governance/policy/concepts/effect-deny",
            "https://github.com/Azure-Samples/azure-search-openai-demo/issues/1763",
        ),
        apply=_public_denied,
    ),
    "second-setting": Change(
        about="gateway and account get a second diagnostic setting, to another workspace",
        by="a policy of the tenant",
        dated="2026-11-27",
        sure="documented",
        sources=(
            "https://learn.microsoft.com/azure/azure-monitor/essentials/diagnostics-settings-policies-deployifnotexists",
        ),
        apply=_second_setting,
    ),
}
