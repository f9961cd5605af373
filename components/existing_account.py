"""An Azure OpenAI or Foundry account that exists: what of it can be used, and what stays as it is.

Nothing of it is declared. What the stack has created itself is handed over: where the state holds
the account, or a deployment that is now `existing`, the program reads it, so that the engine lets
it go (`components/azure/own_state.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
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
CUT_OFF = "; if it was made by a `pulumi up` of this stack that was cut off, run `make adopt`"
TAKEN_DEPLOYMENT = (
    "{}: the account has a deployment {} already, which this stack did not create and "
    "does not overwrite: give existing: true to use it as it is, or choose another name"
    f"{CUT_OFF}"
)
TAKEN_FILTER = (
    "contentFilters: the account has a content filter {} already, which this stack did not create "
    f"and does not overwrite: choose another name{CUT_OFF}"
)
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Keys:
    """What an error calls the stack file's keys of one account."""

    id: str = "accountId"
    keys: str = "accountKeys"
    deployments: str = "deployments"

    @classmethod
    def of_entry(cls, number: int) -> Keys:
        """Return the keys of an entry of `accounts`, counted from 0."""
        return cls(*(f"accounts[{number}].{key}" for key in ("id", "keys", "deployments")))


ONLY = Keys()
"""The keys of the only account."""


def read(
    existing_id: str,
    *,
    named_by: Keys,
    keys: str,
    behind_network: bool,
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None,
) -> pulumi.Output[Any]:
    """Return what Azure says of the account; end the program here if it cannot be used.

    Where its keys are on, and `keys` is not "allow", a warning says how to turn them off. A gateway
    that may lie `behind_network` may reach an account whose public endpoint is closed.
    """
    named = arm_id.require(existing_id, ACCOUNTS)
    found = lookup.given(
        "cognitiveservices:getAccount",
        {"resourceGroupName": named.resource_group, "accountName": named.name},
        key=named_by.id,
        what=f"the account {existing_id}",
        parent=parent,
        provider=provider,
    )
    check_kind(found, named_by.id)
    check_network(found, named_by.id, behind_network=behind_network)
    if keys != "allow" and not found["properties"].get("disableLocalAuth"):
        pulumi.log.warn(
            f"the account {named.name} takes its keys, by which calls pass the gateway by, and "
            f"the post-deploy check fails: turn them off ({KEYS_OFF.format(id=existing_id)}), "
            f"or set {named_by.keys} allow"
        )
    return pulumi.Output.from_input(found)


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
        """Tell whether the stack has created a deployment in the account, whoever made that."""
        urn = f"azure-native:cognitiveservices:Deployment::deployment-{self._within}{name}"
        used = arm_id.parse(str(self.held.get(self._component, {}).get("id")), ACCOUNTS)
        same = used is not None and used.lower() == self.found.lower()
        return same and bool(self.held.get(urn))


def check_created(own: HandedOver, found: ArmId) -> None:
    """Refuse the stack's only account as the first of several by its id: it would be deleted."""
    if own.is_own:
        raise pulumi.RunError(
            f"accounts[0].id: the account {found.name} is the one that this stack created: give "
            f"accountName {found.name} in the place of id, and the stack keeps it"
        )


def check_kind(found: Found, key: str) -> None:
    """Refuse an account that takes no calls of Azure OpenAI, or no tokens of Microsoft Entra.

    `key` of the stack file names the account.
    Tokens are taken on a custom subdomain only.
    https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
    """
    if found.get("kind") not in KINDS:
        raise pulumi.RunError(
            f"the account named by {key} is of kind {found.get('kind')}, which does not answer "
            f"Azure OpenAI's calls; allowed: {', '.join(KINDS)}"
        )
    if not found["properties"].get("customSubDomainName"):
        raise pulumi.RunError(
            f"the account named by {key} has no custom subdomain, so it takes no tokens of the "
            "gateway's identity; give it one, which then stays (portal: Overview > Generate Custom "
            "Domain Name), and run `pulumi up` again"
        )


def check_network(found: Found, key: str, *, behind_network: bool) -> None:
    """Refuse an account that a gateway without a network cannot reach; warn where it may.

    `key` of the stack file names the account.
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
            f"the account named by {key} refuses calls over the internet ({closed}), and the "
            "gateway that the stack creates has no other way: open the account, put the gateway "
            "into a network that reaches it (network.gatewaySubnetId), or use one there (gatewayId)"
        )
    pulumi.log.warn(
        f"the account named by {key} refuses calls over the internet ({closed}): the gateway "
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


def hooks(
    name: str,
    named_by: Keys,
    *,
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None,
) -> Hooks:
    """Return the hooks of an existing account."""
    place, holder = ("resourceGroupName", "accountName"), f"aoai:index:OpenAIAccount::{name}"
    return Hooks(
        deployment=claim.only_new(
            f"{name}-new-deployment",
            "cognitiveservices:getDeployment",
            (*place, "deploymentName"),
            partial(TAKEN_DEPLOYMENT.format, named_by.deployments),
            holder=holder,
            parent=parent,
            provider=provider,
        ),
        content_filter=claim.only_new(
            f"{name}-new-content-filter",
            "cognitiveservices:getRaiPolicy",
            (*place, "raiPolicyName"),
            TAKEN_FILTER.format,
            holder=holder,
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
    key: str,
    handed_over: str,
    within: pulumi.Input[str],
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None,
) -> None:
    """Look at a deployment that is used as it is; the stack file must say what Azure has.

    `key` of the stack file lists the deployment.
    One that the stack has created is read by its name in the program, `handed_over`, so that the
    engine lets it go; "" is for any other. `within` is the account's id, to the letter.
    """
    path = {
        "resourceGroupName": account_id.resource_group,
        "accountName": account_id.name,
        "deploymentName": declared.name,
    }
    found = lookup.given(
        "cognitiveservices:getDeployment",
        path,
        key=key,
        what=f"the deployment {declared.name} of {account_id.name} (existing: true)",
        parent=parent,
        provider=provider,
    )
    check_deployment(declared, found, key)
    if handed_over:
        exact = pulumi.Output.concat(within, "/deployments/", declared.name)
        cognitiveservices.Deployment.get(
            handed_over, exact, opts=pulumi.ResourceOptions(parent=parent, provider=provider)
        )


def check_deployment(declared: Deployment, found: Found, key: str) -> None:
    """Refuse another model or SKU than is declared; warn of another version or capacity.

    Azure moves versions, and the owner the capacity.
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    model, sku = found["properties"].get("model") or {}, found.get("sku") or {}
    wrong = _unlike(model=(declared.model, model.get("name")), sku=(declared.sku, sku.get("name")))
    if wrong:
        raise pulumi.RunError(
            f"{key}: {declared.name} (existing: true) is not what the account has: {wrong}; "
            "say what it has, or name another deployment"
        )
    moved = _unlike(
        version=(declared.version, model.get("version")),
        capacity=(declared.capacity, sku.get("capacity")),
    )
    if moved:
        pulumi.log.warn(
            f"{key}: the existing deployment {declared.name} has another {moved}; say so in the "
            "stack file, which is what prices and alerts go by"
        )


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
