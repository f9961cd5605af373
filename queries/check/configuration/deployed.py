"""The deployed configuration against the declared one, read once and read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import starmap
from typing import Any

from queries.check import role_assignments
from queries.check.configuration import (
    access,
    closed,
    consumers,
    diagnostic_settings,
    logs,
    models,
    remarks,
    streams,
    vault,
)
from queries.check.configuration.base import Comparison, properties
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.configuration.read import READS
from queries.check.difference import NOTHING, Difference, Findings, unread
from queries.check.doors import Doors
from queries.check.gateway import judge
from queries.outputs import Target

DECLARED: tuple[Comparison, ...] = (
    access.LOCAL_AUTH,
    access.SUBDOMAIN,
    *models.COMPARISONS,
    *consumers.COMPARISONS,
    *vault.COMPARISONS,
    *logs.COMPARISONS,
    *streams.TIMEOUTS,
)
COMPARISONS: tuple[Comparison, ...] = (
    *access.COMPARISONS,
    *DECLARED,
    *streams.COMPARISONS,
    *diagnostic_settings.COMPARISONS,
)
OF_STAND_BY = (*access.COMPARISONS, access.NETWORK, *diagnostic_settings.OF_ACCOUNT)
"""What calls show of one account, and of several only where they reach each."""
OF_ACCOUNT = frozenset(
    {"account", "account settings", "callers", "deployments", "roles", "upgrade"}
)
"""Parts that each of several accounts has of its own."""
UNEXPECTED = (KeyError, TypeError, ValueError, AttributeError)
"""What an answer of unexpected shape than documented raises."""

UNEXPECTED_SHAPE = "an answer of unexpected shape"
NOT_THERE = "HTTP 404, although it must exist"
NO_REMARKS = "whether Azure has upgraded the account, or plans to, cannot be read"


@dataclass(kw_only=True)
class Configuration:
    """What was read so far; each part is asked for once."""

    target: Target
    manager: Manager
    read: dict[str, Any] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def compared(
        self, comparisons: Iterable[Comparison] = COMPARISONS
    ) -> tuple[tuple[Difference, ...], dict[str, str]]:
        """Return every difference, and why parts could not be read to find more, by their names.

        What concerns one of several accounts names it.
        """
        chosen = list(comparisons)
        several = [one for one in chosen if self.views and OF_ACCOUNT & set(one.needs)]
        of_accounts, unread_of_accounts = self._of_accounts(several)
        chosen = [one for one in chosen if one not in several]
        needs = dict.fromkeys(need for one in chosen for need in one.needs)
        self._fetch(needs)
        found: list[Difference] = []
        differing = set[str]()
        for comparison in chosen:
            if all(need in self.read for need in comparison.needs):
                differences = self._differing(comparison)
                found += differences
                differing |= set(comparison.needs if differences else ())
        absent = [n for n in needs if n not in differing and self.read.get(n, n) is None]
        unreadable = dict.fromkeys(absent, NOT_THERE)
        unreadable |= {need: self.unreadable[need] for need in needs if need in self.unreadable}
        return tuple(dict.fromkeys([*found, *of_accounts])), unreadable | unread_of_accounts

    @cached_property
    def views(self) -> dict[str, Configuration]:
        """Return a configuration for each of several accounts, by short name; none for one alone.

        They share what was read of the gateway, and read their own account.
        """
        target, manager = self.target, self.manager
        return {
            one.name: Configuration(target=target.of(one), manager=manager)
            for one in target.accounts
        }

    def _of_accounts(
        self, comparisons: Sequence[Comparison]
    ) -> tuple[list[Difference], dict[str, str]]:
        """Compare each of several accounts with what was declared of it."""
        found, unreadable = list[Difference](), dict[str, str]()
        if not comparisons:
            return found, unreadable
        needs = {need for one in comparisons for need in one.needs} - OF_ACCOUNT
        self._fetch(needs)
        self._fetch_accounts()
        for name, view in self.views.items():
            view.read |= {need: self.read[need] for need in needs if need in self.read}
            view.unreadable |= {n: why for n, why in self.unreadable.items() if n in needs}
            differences, reasons = view.compared(comparisons)
            found += [replace(one, path=f"{one.path} ({name})") for one in differences]
            unreadable |= {
                f"{part} of {name}" if part in OF_ACCOUNT else part: why
                for part, why in reasons.items()
            }
        return found, unreadable

    def audit(self) -> Findings:
        """List what keeps audit logs from the workspace."""
        return self._findings(diagnostic_settings.AUDIT)

    def declared(self) -> Findings:
        """List what the outputs declare, and a few calls show by chance or not at all."""
        return self._findings((*DECLARED, *(OF_STAND_BY if self.views else ())))

    def remarks(self) -> list[str]:
        """List what Azure has changed by itself, or plans to."""
        if self.views:
            self._fetch_accounts()
            each = self.views.items()
            return [f"{name}: {remark}" for name, view in each for remark in view.remarks()]
        self._fetch(remarks.NEEDS)
        if not all(need in self.read for need in remarks.NEEDS):
            return [NO_REMARKS]
        return list(remarks.remarks(self.target, self.read))

    def streams(self) -> Findings:
        """List what makes the gateway hold streamed answers back."""
        return self._findings(streams.COMPARISONS)

    def products(self) -> dict[str, str]:
        """Return the product of each consumer whose subscription is to one, as far as is known.

        Whether these are as declared, `drift` tells.
        """
        self._fetch(("consumers",))
        found = {
            name: str(properties(one).get("scope") or "").partition("/products/")[2]
            for name, one in (self.read.get("consumers") or {}).items()
        }
        return {name: product for name, product in found.items() if product}

    def revision(self) -> str:
        """Return the number of the API's current revision; "" where it could not be read."""
        self._fetch(("gateway APIs",))
        gateway, name = self.read.get("gateway APIs"), self.target.api_id.lower()
        found = [one for one in gateway.service.apis if one.name.lower() == name] if gateway else []
        return str(found[0].properties.get("apiRevision") or "") if found else ""

    def routes(self) -> Findings:
        """Judge every way through the gateway, by each account to which one may lead."""
        self._fetch_accounts()
        every = self.views or {"": self}
        shown, left = list[Any](), dict[str, str]()
        for name, one in every.items():
            account, why = one.account()
            shown.append(account)
            left |= {f"account {name}".strip(): why} if why else {}
        return self._found("gateway APIs", lambda part: judge.judge(part, shown, self.target), left)

    def account(self) -> tuple[Any, str]:
        """Return the account as Azure shows it, and why it could not be read, if it could not."""
        self._fetch(("account",))
        return self.read.get("account"), self.unreadable.get("account", "")

    def access(self) -> Findings:
        """Judge who else may call the account, or each of several."""
        if self.views:
            self._fetch_accounts()
            return _together({name: view.access() for name, view in self.views.items()})
        shown, why = self.account()
        left = {"account": why} if why else {}
        judged = role_assignments.judge
        return self._found("callers", lambda part: judged(part, shown, self.target), left)

    def account_closed(self, doors: Doors | None) -> Findings:
        """Judge whether each account that the stack closes lets nobody in from the internet."""
        if doors is None:
            return NOTHING
        mode, found = self.target.network.account, dict[str, Findings]()
        self._fetch(("gateway",))
        self._fetch_accounts()
        addresses = tuple(properties(self.read.get("gateway")).get("publicIPAddresses") or ())
        for name, door in doors.accounts:
            shown, why = (self.views[name] if self.views else self).account()
            state = closed.of_account(shown, why, mode, addresses)
            found[name] = closed.judged(door, state, reaches=mode == "endpoint")
        return _together(found) if self.views else found.get("", NOTHING)

    def gateway_closed(self, doors: Doors | None) -> Findings:
        """Judge whether the gateway, if the stack closes it, lets nobody in from the internet."""
        if doors is None or doors.gateway is None:
            return NOTHING
        self._fetch(("gateway",))
        shown, why = self.read.get("gateway"), self.unreadable.get("gateway", "")
        state = closed.of_gateway(shown, why, self.target.network.gateway)
        return closed.judged(doors.gateway, state, reaches=True, fix=closed.AGAIN)

    def _findings(self, comparisons: Iterable[Comparison]) -> Findings:
        differences, unreadable = self.compared(comparisons)
        return Findings(differences=differences, unclear=tuple(starmap(unread, unreadable.items())))

    def _found(
        self, part: str, judged: Callable[[Any], Findings], left: Mapping[str, str]
    ) -> Findings:
        """Judge a part; what could not be read of it, or of the accounts, is not judged."""
        self._fetch((part,))
        own = {part: self.unreadable[part]} if part in self.unreadable else {}
        unclear = tuple(starmap(unread, (own | dict(left)).items()))
        if own:
            return Findings(unclear=unclear)
        try:
            found = judged(self.read[part])
        except UNEXPECTED:
            return Findings(unclear=(f"{part}: {UNEXPECTED_SHAPE}",))
        return replace(found, unclear=(*unclear, *found.unclear))

    def _differing(self, comparison: Comparison) -> list[Difference]:
        try:
            return list(comparison.compare(self.target, self.read))
        except UNEXPECTED:
            self.unreadable |= dict.fromkeys(comparison.needs, UNEXPECTED_SHAPE)
            return []

    def _fetch(self, names: Iterable[str]) -> None:
        """Read the parts that have not been asked for, several at once."""
        _fetch(self.manager, ((self, name) for name in names))

    def _fetch_accounts(self) -> None:
        """Read all parts of several accounts at once, where that has not been done."""
        views = self.views.values()
        _fetch(self.manager, ((view, name) for view in views for name in sorted(OF_ACCOUNT)))

    def asked(self, name: str) -> bool:
        """Tell whether a part has been asked for."""
        return name in self.read or name in self.unreadable

    def take(self, name: str, part: Any) -> None:
        """Keep a part, or why it could not be read."""
        if isinstance(part, UnreadableError):
            self.unreadable[name] = str(part)
        else:
            self.read[name] = part

    def reading(self, name: str) -> Any:
        """Read a part.

        Raises:
            UnreadableError: the part cannot be read, or is of another shape.
        """
        try:
            return READS[name](self.manager, self.target)
        except UNEXPECTED:
            raise UnreadableError(UNEXPECTED_SHAPE) from None


def _fetch(manager: Manager, parts: Iterable[tuple[Configuration, str]]) -> None:
    """Read parts of one configuration or of several at once, but for those asked for before."""
    wanted = [(one, name) for one, name in parts if not one.asked(name)]
    found = manager.at_once(partial(one.reading, name) for one, name in wanted)
    for (one, name), part in zip(wanted, found, strict=True):
        one.take(name, part)


def _together(found: Mapping[str, Findings]) -> Findings:
    """Put what was found of several accounts together, each under its short name."""
    return Findings(
        differences=tuple(
            replace(one, path=f"{one.path} ({name})")
            for name, each in found.items()
            for one in each.differences
        ),
        unclear=tuple(f"{name}: {one}" for name, each in found.items() for one in each.unclear),
        said="; ".join(f"{name}: {each.said}" for name, each in found.items()),
        groups=tuple(dict.fromkeys(one for each in found.values() for one in each.groups)),
    )
