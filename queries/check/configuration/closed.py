"""Whether account and gateway are closed to the internet: as they meet this machine, and in Azure.

Who stands inside is answered, so that there the deployed configuration alone shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queries.check.configuration.base import inside, properties
from queries.check.difference import REFRESH, Difference, Findings, unread
from queries.check.doors import Door

ACCESS = "publicNetworkAccess"
AGAIN = (
    "run pulumi up again: Azure closes a gateway only once it has its private endpoint; if that "
    "does not help, pulumi up --refresh"
)
FROM_OUTSIDE = "a run from outside, with --no-traffic, shows the refusal itself"


@dataclass(frozen=True, kw_only=True)
class Closed:
    """What Azure says of one that is meant to be closed."""

    path: str
    """Property, and of what, as a person would look it up."""
    wanted: str
    found: str
    """"" if it could not be read."""
    why: str = ""
    """Why it could not be read."""

    @property
    def whose(self) -> str:
        """Return which of them it is."""
        return self.path.partition(" of ")[2]

    @property
    def holds(self) -> bool:
        """Tell whether it is closed."""
        return self.found.lower() == self.wanted.lower()


def of_account(shown: Any, why: str, mode: str, addresses: Sequence[str]) -> Closed:
    """Read whether an account is closed, to all but its endpoint or the gateway's `addresses`."""
    given, rules = properties(shown), properties(shown).get("networkAcls")
    if mode == "endpoint":
        found = _text(given.get(ACCESS)) if given else ""
        return Closed(path=f"{ACCESS} of the account", wanted="Disabled", found=found, why=why)
    if not addresses:
        why = why or "the gateway's addresses are not known"
        return Closed(path="networkAcls of the account", wanted="Deny", found="", why=why)
    listed = inside(rules, "ipRules") or ()
    values = sorted(str(inside(one, "value")) for one in listed)
    found = f"{_text(inside(rules, 'defaultAction'))} but {', '.join(values)}" if given else ""
    wanted = f"Deny but {', '.join(sorted(addresses))}"
    return Closed(path="networkAcls of the account", wanted=wanted, found=found, why=why)


def of_gateway(shown: Any, why: str, mode: str) -> Closed:
    """Read whether the gateway is closed, to all but its endpoint or its own network."""
    key, wanted = (ACCESS, "Disabled") if mode == "endpoint" else ("virtualNetworkType", "Internal")
    given = properties(shown)
    found = _text(given.get(key)) if given else ""
    return Closed(path=f"{key} of the gateway", wanted=wanted, found=found, why=why)


def judged(door: Door, closed: Closed, *, reaches: bool = False, fix: str = REFRESH) -> Findings:
    """Judge one of them; `reaches`: whether who is let in may stand where this machine does."""
    if not closed.found:
        return _by_the_door(door, closed)
    if not closed.holds:
        return _differs(closed.path, closed.wanted, closed.found, fix)
    state = f"{closed.path} is {closed.found}"
    match door.met:
        case "refused" | "silent":
            return Findings(said=f"does not let this machine in ({door.told}); {state}")
        case "answered" if reaches:
            told = f"this machine stands inside ({door.told}); {state}; {FROM_OUTSIDE}"
            return Findings(said=told)
        case "answered":
            return _differs(f"answer of {closed.whose} to this machine", "403", door.told, fix)
        case _:
            return Findings(unclear=(f"{closed.whose} to this machine: {door.told}",))


def _by_the_door(door: Door, closed: Closed) -> Findings:
    """Judge what could not be read by how it met this machine: a refusal is proof by itself."""
    if door.met == "refused":
        return Findings(said=f"refuses this machine ({door.told})")
    return Findings(unclear=(unread(closed.path, closed.why or "no answer"),))


def _differs(path: str, declared: str, deployed: str, fix: str) -> Findings:
    difference = Difference(path=path, declared=declared, deployed=deployed, fix=fix)
    return Findings(differences=(difference,))


def _text(value: object) -> str:
    return str(value) if value else "not set"
