"""What the API's own policy reads of a call: no statement of another policy may change it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from queries.check.gateway.content import KEPT, texts
from queries.check.gateway.effective import Effective, Statement
from queries.check.gateway.statements import VARIABLE

HEADERS = re.compile(
    r"\bHeaders\s*(?:\??\.\s*(?:GetValueOrDefault|ContainsKey|TryGetValue)\s*\(|\[)\s*"
    r"[\"']([^\"']*)[\"']\s*(?=[,)\]])"
)
"""A header that an expression reads by its name."""
READS = "header-name"
"""Attribute that names the header in which a statement looks for a token.

https://learn.microsoft.com/azure/api-management/validate-jwt-policy#attributes
"""
SETS = "variable-name"
"""How attributes end that name a variable in which a statement keeps something.

https://learn.microsoft.com/azure/api-management/cache-lookup-value-policy
https://learn.microsoft.com/azure/api-management/rate-limit-policy
"""


@dataclass(frozen=True)
class Needs:
    """Names in lower case."""

    variables: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, own: Sequence[Statement]) -> Needs:
        """Gather what statements, and their expressions, read by name."""
        codes = [code for one in own for code in texts(one.element)]
        headers = {name.lower() for code in codes for name in HEADERS.findall(code)}
        headers |= {one.element.attributes.get(READS, "").lower() for one in own} - {""}
        return cls(
            variables=frozenset(name.lower() for code in codes for name in KEPT.findall(code)),
            headers=frozenset(headers),
        )

    def changed(self, way: Effective, one: Statement) -> str:
        """Name a variable that is read and that a statement sets; "" if there is none.

        Raises:
            UnclearError: a named value decides which variable the statement sets.
        """
        names = (way.text(name).lower() for name in sets(one))
        return next((name for name in names if name in self.variables), "")


def sets(one: Statement) -> Iterator[str]:
    """Yield the names of the variables that a statement sets, as it has them."""
    for key, value in one.element.attributes.items():
        if key.endswith(SETS) or (one.element.name == VARIABLE and key == "name"):
            yield value
