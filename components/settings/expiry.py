"""The last days of consumers, as branches of the gateway's policy.

The expiration date of a subscription in API Management is no substitute: it is "for audit purposes
only and the subscription is not automatically expired", and no property of the resource sets it.
https://learn.microsoft.com/rest/api/apimanagement/subscription/get
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Protocol

from components.settings.plan_branches import BY_KEY, EITHER_WAY, refusal
from queries.contract import NEVER

EXPIRED = "ConsumerExpired"
"""Code of the error that an expired consumer gets."""

Ending = tuple[str, Sequence[str]]
"""A last day, as 2027-03-31, and the names of the consumers whose it is."""


class Ends(Protocol):
    """What of a consumer says until when it may call."""

    @property
    def name(self) -> str:
        """Return the name of the subscription."""

    @property
    def expires(self) -> str:
        """Return its last day; "" for none."""


def endings(consumers: Iterable[Ends]) -> tuple[Ending, ...]:
    """Return each last day with the consumers whose it is, the earliest first."""
    found: dict[str, list[str]] = {}
    for one in consumers:
        if one.expires:
            found.setdefault(one.expires, []).append(one.name)
    return tuple((day, tuple(found[day])) for day in sorted(found))


def branches(given: Sequence[Ending], *, header: str, by_token: bool = False) -> Iterator[str]:
    """Yield the lines of a `when` for each last day: from the day after, calls get 403.

    The clock is the gateway's, in UTC. `by_token`: tokens name consumers too. `header` tells the
    code to the log, which has no error of a refusal that is the policy's own.
    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#CLRTypes
    """
    whose = EITHER_WAY if by_token else BY_KEY
    for day, names in given:
        if day == NEVER:
            continue
        after = date.fromisoformat(day) + timedelta(days=1)
        listed = ",".join(name.lower() for name in names)
        condition = (
            f"DateTime.UtcNow >= new DateTime({after.year}, {after.month}, {after.day})"
            f' && ",{listed},".Contains("," + {whose} + ",")'
        )
        said = f"This consumer's last day was {day}."
        yield from refusal(condition, "403", "Forbidden", EXPIRED, said, header)
