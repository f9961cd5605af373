"""Who may call an account that the stack creates, and whom the account may call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import cognitiveservices

from components.network import Place
from components.settings.network import Network


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the stack file says of the account's network."""

    place: Place | None = None
    """Where its private endpoint goes, beside which nobody reaches it; None for no endpoint."""
    addresses: pulumi.Input[Sequence[str]] | None = None
    """Public addresses that alone may call it; None for no such rule."""
    restricted: bool = False
    """Whether it may call no other host than `hosts`."""
    hosts: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, wanted: Network, place: Place | None, addresses: pulumi.Input[Sequence[str]] | None
    ) -> Access:
        """Return what `network` of the stack file asks for."""
        return cls(
            place=place if wanted.account_endpoints else None,
            addresses=addresses if wanted.account_firewall else None,
            restricted=wanted.restrict_outbound_network_access,
            hosts=wanted.allowed_fqdn_list,
        )

    @property
    def properties(self) -> dict[str, Any]:
        """Return the account's arguments; a gateway outside any network needs it public.

        https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
        https://learn.microsoft.com/azure/ai-services/cognitive-services-data-loss-prevention
        """
        access = cognitiveservices.PublicNetworkAccess
        values: dict[str, Any] = {
            "public_network_access": access.DISABLED if self.place else access.ENABLED
        }
        if self.addresses is not None:
            values["network_acls"] = cognitiveservices.NetworkRuleSetArgs(
                default_action=cognitiveservices.NetworkRuleAction.DENY,
                ip_rules=pulumi.Output.from_input(self.addresses).apply(
                    lambda found: [cognitiveservices.IpRuleArgs(value=one) for one in found]
                ),
                virtual_network_rules=[],
            )
        if self.restricted:
            values["restrict_outbound_network_access"] = True
            values["allowed_fqdn_list"] = list(self.hosts)
        return values


PUBLIC = Access()
"""Open to every network, behind the account's own identity checks."""
