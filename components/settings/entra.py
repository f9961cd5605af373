"""Callers by tokens of Microsoft Entra: whose tokens count, and to which consumer each belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Protocol

from components.settings.constraints import Frozen, each_once, matching

GUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
TENANT = matching("the id of a Microsoft Entra tenant, a GUID", GUID, optional=True)
AUDIENCE = matching(
    "the claim aud of callers' tokens: api://…, an https URL or the GUID of an application",
    rf"(api|https)://[A-Za-z0-9._~/-]{{1,250}}|{GUID}",
    optional=True,
)
ROLE = "the value of an app role: letters, digits and . _ - / :, first a letter or digit"
MOST_BYTES = 131_072
"""Bytes that applications, roles and groups of all consumers may have in the policy.

A policy document has 256 KiB on the classic tiers, after the smallest figure that a page states.
https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-service-limits.md
"""
Ids = Annotated[
    tuple[Annotated[str, matching("an id of Microsoft Entra, a GUID", GUID)], ...],
    each_once("ids of Microsoft Entra"),
]
Roles = Annotated[
    tuple[Annotated[str, matching(ROLE, r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,119}")], ...],
    each_once("app roles"),
]


class TokenHolder(Frozen):
    """What of a token shows that it is the consumer's."""

    applications: Ids = ()
    """Ids of applications whose tokens are the consumer's."""
    roles: Roles = ()
    """App roles; a token that has one of them is the consumer's."""
    groups: Ids = ()
    """Object ids of groups; a token that has one of them is the consumer's."""

    @property
    def claims(self) -> list[str]:
        """Return each as the policy looks for it; Entra compares ids without case."""
        return [
            *(f"application:{one.lower()}" for one in self.applications),
            *(f"role:{one}" for one in self.roles),
            *(f"group:{one.lower()}" for one in self.groups),
        ]


class Holder(Protocol):
    """A consumer, as far as its tokens go."""

    @property
    def name(self) -> str:
        """Return the consumer's name."""

    @property
    def state(self) -> str:
        """Return `active`, or `suspended`: no token is of a suspended consumer."""

    @property
    def claims(self) -> list[str]:
        """Return what its tokens hold."""


def consumers_by_claim(holders: Iterable[Holder]) -> list[tuple[str, str]]:
    """Return claim and consumer, in the order of the stack file: the first that fits counts."""
    return [(claim, one.name) for one in holders if one.state == "active" for claim in one.claims]


def check_tokens(holders: Iterable[Holder], data: Mapping[str, Any]) -> None:
    """Refuse consumers whose tokens nobody could tell apart, or whom nobody lets in.

    `data` has the other keys of the stack file, but for those that are wrong themselves.

    Raises:
        ValueError: the words for what passes.
    """
    tenant, audience = data.get("entra_tenant"), data.get("entra_audience")
    if tenant is None or audience is None:
        return
    every = list(holders)
    counts = Counter(claim for one in every for claim in one.claims)
    twice = sorted(claim for claim, count in counts.items() if count > 1)
    if twice:
        raise ValueError(f"each application, role and group of one consumer alone; twice: {twice}")
    if not tenant and counts:
        raise ValueError("no applications, roles or groups without entraTenant")
    if bool(tenant) != bool(audience):
        raise ValueError("entraTenant and entraAudience, both or neither")
    if tenant and not counts:
        raise ValueError("an application, role or group of some consumer, beside entraTenant")
    bare = [one.name for one in every if not one.claims]
    if data.get("consumer_keys") == "refuse" and (bare or not tenant):
        raise ValueError(
            "with consumerKeys refuse: entraTenant, and for each consumer an application, role or "
            f"group; without: {', '.join(bare[:5]) or 'entraTenant'}"
        )
    size = sum(len(claim) + len(name) + 12 for claim, name in consumers_by_claim(every))
    if size > MOST_BYTES:
        raise ValueError(
            f"applications, roles and groups of at most {MOST_BYTES:,} bytes, as they stand in the "
            f"policy; these have {size:,}: give consumers one role each instead of many ids"
        )
