"""What the policy must know of callers by tokens of Microsoft Entra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from xml.sax.saxutils import escape

from components.azure.environment import AzureEnvironment
from components.settings.entra import consumers_by_claim
from components.settings.stack import Settings

LINE = "\n" + " " * 10
"""What stands between two entries of the policy's list of consumers."""


@dataclass(frozen=True, kw_only=True)
class TokenCallers:
    """Whose tokens count, and whose consumers' they are."""

    tenant: str
    audience: str
    authority: str
    """Where Microsoft Entra answers in this cloud."""
    issuer: str
    """What issues tokens of version 1.0 in this cloud, without the tenant."""
    keys: bool
    """Whether a consumer's key lets a call in too."""
    consumers: Sequence[tuple[str, str]]
    """Claim and consumer; the first that fits a token counts."""

    @classmethod
    def of(cls, settings: Settings, environment: AzureEnvironment) -> Self | None:
        """Return the callers of a stack; None if it takes keys alone."""
        if not settings.entra_tenant:
            return None
        return cls(
            tenant=settings.entra_tenant.lower(),
            audience=settings.entra_audience,
            authority=environment.entra_authority,
            issuer=environment.entra_issuer,
            keys=settings.consumer_keys == "allow",
            consumers=consumers_by_claim(settings.consumers),
        )

    @property
    def values(self) -> dict[str, str]:
        """Return what the policy's fragments are filled with.

        Tokens are of version 1.0 or 2.0, as the API's registration says, by one set of keys.
        https://learn.microsoft.com/entra/identity-platform/access-tokens#token-formats
        """
        base = f"{self.authority}/{self.tenant}/v2.0"
        return {
            "withoutKey": "context.Subscription == null" if self.keys else "true",
            "tokenConfiguration": f"{base}/.well-known/openid-configuration",
            "tokenAudience": escape(self.audience),
            "tokenIssuer": f"{self.issuer}/{self.tenant}/",
            "tokenIssuerV2": base,
            "tokenConsumers": LINE.join(f"{claim}={name}" for claim, name in self.consumers),
        }
