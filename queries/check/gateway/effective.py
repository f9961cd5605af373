"""The policy that a call meets: those of all its scopes, put together as the gateway does.

https://learn.microsoft.com/azure/api-management/set-edit-policies
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policies.gateway.reader import EXPRESSIONS, Element
from queries.check.gateway.model import Policy, Scope
from queries.check.gateway.statements import ALWAYS, BASE, CONTAINERS, FRAGMENT, SECTIONS

NAMED = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
"""A named value: https://learn.microsoft.com/azure/api-management/api-management-howto-properties"""
FORWARDED, DEFAULT = Element("forward-request"), "the gateway's default"
"""What a new service does in its backend section."""
API = 1
"""Level of the API's policy in a chain of policies; that of the operation is before it."""
DEEPEST = 10
"""Fragments within fragments that are followed."""


class UnclearError(Exception):
    """What a policy says is not understood; `str()` says why."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement that a call may meet."""

    element: Element
    section: str
    place: str
    """The policy in which it stands."""
    level: int
    """How many scopes lie within the policy's own: 0 for the innermost."""
    within: tuple[Element, ...] = ()
    """The statements that hold it, from the outermost."""

    @property
    def sure(self) -> bool:
        """Tell whether every call meets it, as no condition stands around it."""
        return all(one.name in ALWAYS for one in self.within)


@dataclass(frozen=True, kw_only=True)
class Effective:
    """The policies of one way, and the scope whose names they use."""

    scope: Scope
    service: Scope
    chain: Sequence[Policy | None]
    """From the innermost scope, the operation, to the outermost, all APIs."""

    def statements(self) -> Iterator[Statement]:
        """Yield each statement in the order of execution; those of errors come last.

        Raises:
            UnclearError: a document cannot be read, or a fragment cannot be found.
        """
        for section in SECTIONS:
            yield from self._section(section, 0)

    def text(self, value: str) -> str:
        """Return a value with its named values in place.

        Raises:
            UnclearError: the value is an expression, or holds a named value that cannot be read.
        """
        filled = self.filled(value)
        if filled.startswith(EXPRESSIONS):
            raise UnclearError("an expression decides")
        return filled

    def filled(self, value: str) -> str:
        """Return a value, which may be an expression, with its named values in place.

        Raises:
            UnclearError: it holds a named value that cannot be read.
        """
        return NAMED.sub(self._named, value).strip()

    def _named(self, found: re.Match[str]) -> str:
        for scope in (self.scope, self.service):
            if (value := scope.values.get(found[1].lower())) is not None:
                if value.get("secret") or value.get("keyVault") or value.get("value") is None:
                    raise UnclearError(f"the named value {found[1]} is secret")
                return str(value["value"])
        raise UnclearError(f"there is no named value {found[1]}")

    def _section(self, name: str, level: int) -> Iterator[Statement]:
        """Yield a section of the policy at `level`; where it has none, the next scope's."""
        if level == len(self.chain):
            if name == "backend":
                yield Statement(element=FORWARDED, section=name, place=DEFAULT, level=level)
            return
        policy = self.chain[level]
        if policy is None:
            yield from self._section(name, level + 1)
            return
        document = policy.document
        root = document.children[0] if document and len(document.children) == 1 else None
        if root is None or root.name != "policies" or (document and document.text.strip()):
            raise UnclearError(f"{policy.place} is no policy document")
        if unknown := [one.name for one in root.children if one.name not in SECTIONS]:
            raise UnclearError(f"{policy.place} has a section {unknown[0]}")
        sections = [one for one in root.children if one.name == name]
        for one in sections or [Element(name, children=[Element(BASE)])]:
            at = Statement(element=one, section=name, place=policy.place, level=level)
            yield from self._inside(at, 0)

    def _inside(self, at: Statement, depth: int) -> Iterator[Statement]:
        """Yield what stands in a section, a fragment or a statement that holds others."""
        for element in at.element.children:
            found = replace(at, element=element)
            if element.name == BASE:
                for one in self._section(at.section, at.level + 1):
                    yield replace(one, within=(*at.within, *one.within))
            elif element.name == FRAGMENT:
                fragment = self._fragment(element, at)
                place = f"{fragment.place} in {at.place}"
                if depth >= DEEPEST or fragment.document is None:
                    raise UnclearError(f"{place} cannot be read")
                for root in fragment.document.children:
                    yield from self._inside(replace(at, element=root, place=place), depth + 1)
            elif element.name in CONTAINERS:
                yield found
                yield from self._inside(replace(found, within=(*at.within, element)), depth)
            else:
                yield found

    def _fragment(self, element: Element, at: Statement) -> Policy:
        try:
            name = self.text(element.attributes.get("fragment-id", ""))
        except UnclearError as reason:
            raise UnclearError(f"{FRAGMENT} in {at.place}: {reason}") from None
        for scope in (self.scope, self.service):
            if found := scope.fragments.get(name.lower()):
                return found
        raise UnclearError(f"{at.place} includes the fragment {name}, which there is not")
