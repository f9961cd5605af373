"""An Azure OpenAI or Foundry account that exists: what of it can be used, and what stays as it is.

Nothing of it is declared. What the stack has created itself is handed over: where the state holds
the account, or a deployment that is now `existing`, the program reads it, so that the engine lets
it go (`components/azure/own_state.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import cognitiveservices

from components.azure import arm_id, claim, lookup, own_state
from components.azure.arm_id import ArmId
from components.settings.items import Deployment
from queries.contract import KEYS_OFF

ACCOUNTS = "Microsoft.CognitiveServices/accounts"
KINDS = ("OpenAI", "AIServices")
"""Kinds of account that serve Azure OpenAI's operations.

https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai
"""
OPENAI = "OpenAI Language Model Instance API"
"""Azure's name of the address for Azure OpenAI's calls, among those of a Foundry resource."""
TAKEN_DEPLOYMENT = (
    "deployments: the account has a deployment {} already, which this stack did not create and "
    "does not overwrite: give existing: true to use it as it is, or choose another name"
)
TAKEN_FILTER = (
    "contentFilters: the account has a content filter {} already, which this stack did not create "
    "and does not overwrite: choose another name"
)
Found = Mapping[str, Any]


def read(
    existing_id: str,
    *,
    keys: str,
    behind_network: bool,
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None,
) -> pulumi.Output[Any]:
    """Return what Azure says of the account; end the program if it cannot be used.

    Where its keys are on, and `keys` is not "allow", a warning says how to turn them off. A gateway
    that may lie `behind_network` may reach an account whose public endpoint is closed.
    """
    named = arm_id.require(existing_id, ACCOUNTS)
    account = lookup.read(
        "cognitiveservices:getAccount",
        {"resourceGroupName": named.resource_group, "accountName": named.name},
        gone=lookup.missing("accountId", f"the account {existing_id}"),
        parent=parent,
        provider=provider,
    )

    def usable(found: Found) -> Found:
        check_kind(found)
        check_network(found, behind_network=behind_network)
        if keys != "allow" and not found["properties"].get("disableLocalAuth"):
            pulumi.log.warn(
                f"the account {named.name} takes its keys, by which calls pass the gateway by, and "
                f"the post-deploy check fails: turn them off ({KEYS_OFF.format(id=existing_id)}), "
                "or set accountKeys allow"
            )
        return found

    return account.apply(usable)


class HandedOver(own_state.Created):
    """What the state holds of an account that the stack created itself, and now lets go."""

    def __init__(
        self, found: ArmId, group: str, named: str = "openai-account", within: str = ""
    ) -> None:
        """Look for the account in the state: one of that name in the stack's own group.

        `named` is what the program calls it, and `within` begins what it calls the deployments in
        it.
        """
        super().__init__("cognitiveservices:Account", "OpenAIAccount", named, found, group)
        self._within = within

    def deployment(self, name: str) -> bool:
        """Tell whether the state holds a deployment of the account."""
        urn = f"azure-native:cognitiveservices:Deployment::deployment-{self._within}{name}"
        return self.is_own and bool(self.held.get(urn))


def check_kind(found: Found) -> None:
    """Refuse an account that takes no calls of Azure OpenAI, or no tokens of Microsoft Entra.

    Tokens are taken on a custom subdomain only.
    https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
    """
    if found.get("kind") not in KINDS:
        raise pulumi.RunError(
            f"the account named by accountId is of kind {found.get('kind')}, which does not answer "
            f"Azure OpenAI's calls; allowed: {', '.join(KINDS)}"
        )
    if not found["properties"].get("customSubDomainName"):
        raise pulumi.RunError(
            "the account named by accountId has no custom subdomain, so it takes no tokens of the "
            "gateway's identity; give it one, which then stays (portal: Overview > Generate Custom "
            "Domain Name), and run `pulumi up` again"
        )


def check_network(found: Found, *, behind_network: bool) -> None:
    """Refuse an account that a gateway without a network cannot reach; warn where it may.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
    """
    properties = found["properties"]
    rules = properties.get("networkAcls") or {}
    if properties.get("publicNetworkAccess") == "Disabled":
        closed, certain = "publicNetworkAccess is Disabled", True
    elif rules.get("defaultAction") == "Deny":
        closed = "networkAcls.defaultAction is Deny"
        certain = not rules.get("ipRules")
    else:
        return
    if certain and not behind_network:
        raise pulumi.RunError(
            f"the account named by accountId refuses calls over the internet ({closed}), and the "
            "gateway that the stack creates has no other way: open the account, or use an existing "
            "gateway in a network that reaches it (gatewayId)"
        )
    pulumi.log.warn(
        f"the account named by accountId refuses calls over the internet ({closed}): the gateway "
        "must reach it by a private endpoint, or from an address that its rules allow"
    )


def endpoint(found: Found) -> str:
    """Return the account's address for Azure OpenAI's calls, as Azure reports it.

    A Foundry resource has several, and its first is not this one.
    https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#private-network-configuration
    """
    properties = found["properties"]
    return str((properties.get("endpoints") or {}).get(OPENAI) or properties["endpoint"])


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What looks, before it is created in the account, whether the account has it already."""

    deployment: pulumi.ResourceHookBinding | None = None
    content_filter: pulumi.ResourceHookBinding | None = None


NO_HOOKS = Hooks()
"""Of an account that the stack creates, in which nobody else has anything."""


def hooks(name: str, *, parent: pulumi.Resource, provider: pulumi.ProviderResource | None) -> Hooks:
    """Return the hooks of an existing account."""
    place = ("resourceGroupName", "accountName")
    return Hooks(
        deployment=claim.only_new(
            f"{name}-new-deployment",
            "cognitiveservices:getDeployment",
            (*place, "deploymentName"),
            TAKEN_DEPLOYMENT.format,
            parent=parent,
            provider=provider,
        ),
        content_filter=claim.only_new(
            f"{name}-new-content-filter",
            "cognitiveservices:getRaiPolicy",
            (*place, "raiPolicyName"),
            TAKEN_FILTER.format,
            parent=parent,
            provider=provider,
        ),
    )


def let_go(name: str, exact: pulumi.Input[str], *, parent: pulumi.Resource) -> None:
    """Read an account that the stack has created, so that the engine lets it go."""
    cognitiveservices.Account.get(name, exact, opts=pulumi.ResourceOptions(parent=parent))


def deployment(
    declared: Deployment,
    account_id: ArmId,
    *,
    handed_over: str,
    within: pulumi.Input[str],
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None,
) -> None:
    """Look at a deployment that is used as it is; the stack file must say what Azure has.

    One that the stack has created is read by its name in the program, `handed_over`, so that the
    engine lets it go; "" is for any other. `within` is the account's id, to the letter.
    """
    path = {
        "resourceGroupName": account_id.resource_group,
        "accountName": account_id.name,
        "deploymentName": declared.name,
    }
    found = lookup.read(
        "cognitiveservices:getDeployment",
        path,
        gone=lookup.missing(
            "deployments", f"the deployment {declared.name} of {account_id.name} (existing: true)"
        ),
        parent=parent,
        provider=provider,
    )
    found.apply(lambda answer: check_deployment(declared, answer))
    if handed_over:
        exact = pulumi.Output.concat(within, "/deployments/", declared.name)
        cognitiveservices.Deployment.get(
            handed_over, exact, opts=pulumi.ResourceOptions(parent=parent)
        )


def check_deployment(declared: Deployment, found: Found) -> Found:
    """Refuse another model or SKU than is declared; warn of another version or capacity.

    Azure moves versions, and the owner the capacity.
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    model, sku = found["properties"].get("model") or {}, found.get("sku") or {}
    wrong = _unlike(model=(declared.model, model.get("name")), sku=(declared.sku, sku.get("name")))
    if wrong:
        raise pulumi.RunError(
            f"deployments: {declared.name} (existing: true) is not what the account has: {wrong}; "
            "say what it has, or name another deployment"
        )
    moved = _unlike(
        version=(declared.version, model.get("version")),
        capacity=(declared.capacity, sku.get("capacity")),
    )
    if moved:
        pulumi.log.warn(
            f"the existing deployment {declared.name} has another {moved}; say so in the stack "
            "file, which is what prices and alerts go by"
        )
    return found


def _unlike(**pairs: tuple[object, object]) -> str:
    """Say which values differ: what the stack file says, and what Azure has."""
    return ", ".join(
        # A provider's answer has every number with a fraction.
        f"{key} {there:g} (the stack file says {given})"
        if isinstance(there, float)
        else f"{key} {there} (the stack file says {given})"
        for key, (given, there) in pairs.items()
        if given != there
    )
