"""Azure Resource Manager's rules: what a PUT, GET, DELETE or POST of a resource id does.

https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

import copy
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.arm import (
    alerts,
    apis,
    base,
    cognitive,
    content_filters,
    gateway,
    insights,
    key_vault,
    log_alert,
    metric_alert,
    monitor,
    network,
    policy,
    roles,
    sinks,
)
from sandbox.arm.base import ACCOUNT, GROUP, SERVICE, WORKSPACE, Put, parse, refuse
from sandbox.cloud import Cloud, Resource
from sandbox.errors import ArmError, NotModelledError
from sandbox.options import Options

_RULES: dict[str, Callable[[Put], None]] = {
    GROUP: lambda _: None,
    WORKSPACE: monitor.workspace,
    f"{WORKSPACE}/savedSearches": insights.saved_search,
    base.SETTING: monitor.diagnostic_setting,
    sinks.STORAGE: sinks.storage_account,
    sinks.NAMESPACE: sinks.namespace,
    sinks.HUB: lambda _: None,
    sinks.RULE: sinks.authorization_rule,
    "Microsoft.Insights/actionGroups": insights.action_group,
    "Microsoft.Insights/activityLogAlerts": alerts.activity_log_alert,
    "Microsoft.Insights/metricAlerts": metric_alert.metric_alert,
    "Microsoft.Insights/scheduledQueryRules": log_alert.scheduled_query_rule,
    "Microsoft.Insights/workbooks": insights.workbook,
    "Microsoft.Authorization/roleAssignments": roles.role_assignment,
    "Microsoft.Authorization/roleDefinitions": roles.role_definition,
    ACCOUNT: cognitive.account,
    f"{ACCOUNT}/deployments": cognitive.deployment,
    f"{ACCOUNT}/raiPolicies": content_filters.policy,
    network.NETWORK: network.virtual_network,
    network.SUBNET: network.subnet,
    network.RULES: network.security_group,
    network.ENDPOINT: network.private_endpoint,
    f"{network.ENDPOINT}/privateDnsZoneGroups": network.zone_group,
    network.ZONE: network.zone,
    f"{network.ZONE}/virtualNetworkLinks": network.zone_link,
    SERVICE: gateway.service,
    f"{SERVICE}/loggers": gateway.logger,
    f"{SERVICE}/diagnostics": gateway.diagnostic,
    f"{SERVICE}/policies": policy.policy,
    f"{SERVICE}/policyFragments": policy.fragment,
    f"{SERVICE}/namedValues": gateway.named_value,
    f"{SERVICE}/backends": gateway.backend,
    f"{SERVICE}/apis": apis.api,
    f"{SERVICE}/apis/policies": policy.policy,
    f"{SERVICE}/apis/operations/policies": policy.policy,
    f"{SERVICE}/apis/diagnostics": gateway.diagnostic,
    f"{SERVICE}/products": gateway.product,
    f"{SERVICE}/products/policies": policy.policy,
    f"{SERVICE}/products/apis": gateway.link,
    f"{SERVICE}/products/apiLinks": gateway.link,
    f"{SERVICE}/subscriptions": gateway.subscription,
    key_vault.VAULT: key_vault.vault,
    key_vault.SECRET: key_vault.secret,
    f"{SERVICE}/gateways": gateway.workspace,
    f"{SERVICE}/gateways/apis": gateway.link,
    f"{SERVICE}/workspaces": gateway.workspace,
    f"{SERVICE}/workspaces/policies": policy.policy,
    f"{SERVICE}/workspaces/policyFragments": policy.fragment,
    f"{SERVICE}/workspaces/namedValues": gateway.named_value,
    f"{SERVICE}/workspaces/backends": gateway.backend,
    f"{SERVICE}/workspaces/apis": apis.api,
    f"{SERVICE}/workspaces/apis/policies": policy.policy,
    f"{SERVICE}/workspaces/apis/operations/policies": policy.policy,
}
POLICIES = "Microsoft.Authorization/policyAssignments"
"""Policy assignments of the sandbox add tags, those of `properties.tags`, or deny accounts that are
open to public networks, for the reason in `properties.deny`.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-policies
https://learn.microsoft.com/azure/governance/policy/concepts/effect-deny
"""
OF_THE_TENANT = (POLICIES, cognitive.RETIREMENTS)
"""Types of resources that belong to no stack, so that no deletion removes them."""
# https://github.com/Azure/apiops-cli/issues/252
# https://github.com/hashicorp/terraform-provider-azurerm/issues/8571
# https://github.com/hashicorp/terraform-provider-azurerm/issues/8303
# https://github.com/Azure-Samples/AI-Gateway/blob/main/modules/apim/v2/apim.bicep
# https://github.com/hashicorp/terraform-provider-azurerm/issues/22607
_LOCKS = {
    "PessimisticConcurrencyConflict": rf"(.*/{SERVICE}/[^/]+/apis/[^/]+)(/.*)?",
    "PreconditionFailed": rf"(.*/{SERVICE}/[^/]+/subscriptions)/[^/]+",
    "RequestConflict": rf"(.*/{ACCOUNT}/[^/]+)(/(deployments|raiPolicies)/[^/]+)?",
}


def put(
    cloud: Cloud,
    options: Options,
    resource_id: str,
    api_version: str,
    body: dict[str, Any],
    *,
    now: float | None = None,
) -> Resource:
    """Create or update a resource: the whole ARM body in, what a GET returns out.

    A body that is not of the type's form is refused as InvalidRequestContent.
    https://learn.microsoft.com/rest/api/resources/resources/create-or-update-by-id
    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
    """
    wanted, moment = parse(resource_id), time.time() if now is None else now
    if wanted.type not in _RULES:
        raise NotModelledError(f"the sandbox takes no PUT of {wanted.type}")
    with cloud.change():
        old = cloud.get(resource_id)
        given = copy.deepcopy(body)
        given["properties"] = given.get("properties") or {}
        incarnation = old.incarnation if old else secrets.token_hex(8)
        request = Put(cloud, options, wanted, api_version, given, old, incarnation, moment)
        try:
            for check in (base.check_parent, base.check_place, base.check_fields):
                check(request)
            _RULES[wanted.type](request)
            check_allowed(request)
            if base.AZURE["types"][wanted.type].get("tracked") and wanted.type != GROUP:
                add_tags(cloud, given)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise refuse("InvalidRequestContent", text=error) from error
        created = old.created if old else moment
        made = Resource(wanted.text, wanted.type, wanted.name, given, created, incarnation)
        cloud.put(made)
    return made


def add_tags(cloud: Cloud, body: dict[str, Any]) -> None:
    """Add the tags of the tenant's policies to a resource that lacks them.

    https://learn.microsoft.com/azure/governance/policy/tutorials/govern-tags
    """
    for rule in cloud.of_type(POLICIES):
        body["tags"] = rule.properties.get("tags", {}) | (body.get("tags") or {})


def check_allowed(put: Put) -> None:
    """A policy that denies an account which is open to public networks refuses its every write.

    https://github.com/Azure/azure-policy/blob/master/built-in-policies/policyDefinitions/Cognitive%20Services/DisablePublicNetworkAccess_Audit.json
    https://github.com/Azure-Samples/azure-search-openai-demo/issues/1763
    """
    if put.id.type != ACCOUNT or put.properties.get("publicNetworkAccess") == "Disabled":
        return
    for rule in put.cloud.of_type(POLICIES):
        if reason := rule.properties.get("deny"):
            raise refuse("RequestDisallowedByPolicy", name=put.id.name, reason=reason)


def get(cloud: Cloud, resource_id: str) -> Resource:
    """The resource, or 404; a diagnostic setting whose resource is gone is not found either.

    https://learn.microsoft.com/rest/api/resources/resources/get-by-id
    Sure: inferred, as the page does not speak of settings whose resource is gone.
    """
    wanted, found = parse(resource_id), cloud.get(resource_id)
    if not found or not (base.has_no_parent(wanted) or cloud.get(wanted.parent)):
        raise base.missing(wanted)
    return found


def fail(cloud: Cloud, resource_id: str) -> None:
    """A long operation that fails leaves its resource in the state `Failed`; the next PUT mends it.

    https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
    """
    with cloud.change():
        found = get(cloud, resource_id)
        found.properties["provisioningState"] = base.FAILED
        if found.type == f"{SERVICE}/apis":
            apis.fail_import(cloud, resource_id)


def exists(cloud: Cloud, resource_id: str, api_version: str) -> bool:
    """Whether a GET with that API version finds the resource.

    Where the parent is missing the answer is 404, whatever the version; else a version that the
    namespace does not have is refused, naming the top-level type.
    https://github.com/pulumi/pulumi-azure-native/issues/4109
    Sure: inferred, as the issue tells it of another namespace.
    """
    wanted = parse(resource_id)
    there = base.has_no_parent(wanted) or cloud.get(wanted.parent)
    if there and (wanted.parent != wanted.group_id or cloud.get(resource_id)):
        base.check_api_version(cloud, wanted, api_version)
    return bool(there and cloud.get(resource_id))


def delete(cloud: Cloud, resource_id: str) -> None:
    """Delete a resource and what is in it; one that is missing is no error.

    Diagnostic settings below it stay, and are there again when the resource is.
    https://github.com/hashicorp/terraform-provider-azurerm/issues/7114
    So do the alert rules that it is in scope of.
    https://github.com/Azure/azure-monitor-baseline-alerts/issues/82
    """
    with cloud.change():
        if found := cloud.get(parse(resource_id).text):
            key_vault.check_deletable(found)
            gateway.check_unsubscribed(cloud, found)
            content_filters.check_unused(cloud, found)
            network.check_free(cloud, found)
            network.check_unlinked(cloud, found)
            lost = [one for one in cloud.below(found.id) if one.type != base.SETTING]
            links = [one for one in cloud.all() if one.properties.get("apiId") == found.id]
            for one in [*lost, *links, found]:
                cloud.remove(one.id, soft=one.type in base.AZURE["kept_hours"])


def post(cloud: Cloud, resource_id: str, action: str, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """A POST returns or regenerates keys of an API Management subscription, and does nothing else.

    Of the two keys one is made anew, and at once the old one is none any more.
    https://learn.microsoft.com/rest/api/apimanagement/subscription/list-secrets
    https://learn.microsoft.com/rest/api/apimanagement/subscription/regenerate-primary-key
    https://learn.microsoft.com/rest/api/apimanagement/subscription/regenerate-secondary-key

    Sure: inferred, as no page says how long a gateway still takes the old key.
    """
    found = get(cloud, resource_id)
    if found.type != f"{SERVICE}/subscriptions" or action not in ACTIONS:
        raise NotModelledError(f"the sandbox does not model the action {action} of {found.type}")
    if turned := ACTIONS[action]:
        first, *turns = found.incarnation.split(";")
        counts = dict(one.split("=") for one in turns)
        counts[turned] = str(int(counts.get(turned, 0)) + 1)
        incarnation = ";".join([first, *(f"{key}={count}" for key, count in counts.items())])
        with cloud.change():
            cloud.put(replace(found, incarnation=incarnation))
        return {}
    return {f"{key}Key": cloud.subscription_key(found, key) for key in ("primary", "secondary")}


ACTIONS = {
    "listSecrets": "",
    "regeneratePrimaryKey": "primary",
    "regenerateSecondaryKey": "secondary",
}
"""Actions of a subscription, and the key that each makes anew, "" for none."""


def exclusive(resource_id: str, method: str) -> tuple[str, ArmError] | None:
    """The lock that a write takes, and what a second writer gets while it is held.

    Sure: inferred, as the refusals are public, and what exactly is locked is not.
    """
    for code, pattern in _LOCKS.items():
        found = re.fullmatch(pattern, resource_id, re.IGNORECASE)
        if found and method in ("PUT", "DELETE"):
            return found[1].lower(), refuse(code, id=found[1])
    return None
