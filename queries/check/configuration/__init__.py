"""The deployed configuration against the declared one, read once and read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from queries.check import callers
from queries.check.configuration import (
    access,
    diagnostic_settings,
    logs,
    models,
    policy,
    product,
    remarks,
    route,
    streams,
)
from queries.check.configuration.base import Comparison, properties
from queries.check.configuration.manager import Manager, UnreadableError
from queries.check.configuration.read import READS
from queries.check.difference import Difference, Findings
from queries.check.evidence import Compared
from queries.check.gateway import judge
from queries.outputs import Target

COMPARISONS: tuple[Comparison, ...] = (
    *access.COMPARISONS,
    *models.COMPARISONS,
    *product.COMPARISONS,
    *route.COMPARISONS,
    *policy.COMPARISONS,
    *streams.COMPARISONS,
    *logs.COMPARISONS,
    *diagnostic_settings.COMPARISONS,
)
"""In the order of a call's way, from the caller to the workspace."""
UNSEEN: tuple[Comparison, ...] = (
    access.LOCAL_AUTH,
    *models.COMPARISONS,
    product.CONSUMERS,
    logs.PRESENT,
    logs.SAMPLING,
    logs.LLM_SIZES,
    *streams.TIMEOUTS,
)
CONTENT: tuple[Comparison, ...] = (logs.BODIES, logs.LLM)
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

    def compared(self, comparisons: Iterable[Comparison] = COMPARISONS) -> Compared:
        """List every difference, and the parts that could not be read to find more.

        What concerns one of several accounts names it.
        """
        chosen = list(comparisons)
        several = [one for one in chosen if self.views and OF_ACCOUNT & set(one.needs)]
        own = self._of_accounts(several) if several else Compared()
        chosen = [one for one in chosen if one not in several]
        needs = dict.fromkeys(need for one in chosen for need in one.needs)
        self._fetch(needs)
        found: list[Difference] = []
        told = set[str]()
        for comparison in chosen:
            if all(need in self.read for need in comparison.needs):
                differences = self._differing(comparison)
                found += differences
                told |= set(comparison.needs if differences else ())
        untold = [need for need in needs if need not in told and self.read.get(need, need) is None]
        unreadable = dict.fromkeys(untold, NOT_THERE)
        unreadable |= {need: self.unreadable[need] for need in needs if need in self.unreadable}
        return Compared(
            differences=tuple(dict.fromkeys([*found, *own.differences])),
            unreadable=unreadable | dict(own.unreadable),
        )

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

    def _of_accounts(self, comparisons: Sequence[Comparison]) -> Compared:
        """Compare each of several accounts with what was declared of it."""
        needs = {need for one in comparisons for need in one.needs} - OF_ACCOUNT
        self._fetch(needs)
        found, unreadable = list[Difference](), dict[str, str]()
        if route.WAYS in comparisons:
            found += self.routes().differences
        of_each = [one for one in comparisons if one is not route.WAYS]
        for name, view in self.views.items():
            view.read |= {need: self.read[need] for need in needs if need in self.read}
            view.unreadable |= {n: why for n, why in self.unreadable.items() if n in needs}
            compared = view.compared(of_each)
            found += [replace(one, path=f"{one.path} ({name})") for one in compared.differences]
            unreadable |= {
                f"{part} of {name}" if part in OF_ACCOUNT else part: why
                for part, why in compared.unreadable.items()
            }
        return Compared(differences=tuple(found), unreadable=unreadable)

    def audit(self) -> Compared:
        """List what keeps audit logs from the workspace."""
        return self.compared(diagnostic_settings.AUDIT)

    def unseen(self) -> Compared:
        """List what calls show by chance or not at all, such as a way around the gateway.

        Where no content may be logged, list also what would log content: rows of a few calls may
        not show it.
        """
        metadata = self.target.capture == "metadata"
        return self.compared((*UNSEEN, *(CONTENT if metadata else ())))

    def remarks(self) -> list[str]:
        """List what Azure has changed by itself, or plans to."""
        if self.views:
            each = self.views.items()
            return [f"{name}: {said}" for name, view in each for said in view.remarks()]
        self._fetch(remarks.NEEDS)
        if not all(need in self.read for need in remarks.NEEDS):
            return [NO_REMARKS]
        return list(remarks.remarks(self.target, self.read))

    def streams(self) -> Compared:
        """List what makes the gateway hold streamed answers back."""
        return self.compared(streams.COMPARISONS)

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
        every = self.views or {"": self}
        shown, unread = list[Any](), dict[str, str]()
        for name, one in every.items():
            account, why = one.account()
            shown.append(account)
            unread |= {f"account {name}".strip(): why} if why else {}
        target = self.target
        return self._found("gateway APIs", lambda part: judge.judge(part, shown, target), unread)

    def account(self) -> tuple[Any, str]:
        """Return the account as Azure shows it, and why it could not be read, if it could not."""
        self._fetch(("account",))
        return self.read.get("account"), self.unreadable.get("account", "")

    def access(self) -> Findings:
        """Judge who else may call the account, or each of several."""
        if self.views:
            found = {name: view.access() for name, view in self.views.items()}
            return _together(found)
        shown, why = self.account()
        unread = {"account": why} if why else {}
        return self._found("callers", lambda part: callers.judge(part, shown, self.target), unread)

    def _found(
        self, part: str, judged: Callable[[Any], Findings], unread: dict[str, str]
    ) -> Findings:
        """Judge a part; what could not be read of it, or of the accounts, is not judged."""
        self._fetch((part,))
        told = {part: self.unreadable[part]} if part in self.unreadable else {}
        unclear = tuple(f"{name} cannot be read ({why})" for name, why in (told | unread).items())
        if told:
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
        known = self.read.keys() | self.unreadable.keys()
        asked = [name for name in names if name not in known]
        found = self.manager.at_once(partial(self._read, name) for name in asked)
        for name, part in zip(asked, found, strict=True):
            if isinstance(part, UnreadableError):
                self.unreadable[name] = str(part)
            else:
                self.read[name] = part

    def _read(self, name: str) -> Any:
        try:
            return READS[name](self.manager, self.target)
        except UNEXPECTED:
            raise UnreadableError(UNEXPECTED_SHAPE) from None


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
