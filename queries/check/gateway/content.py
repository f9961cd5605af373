"""What a statement that sends something of its own tells of calls: what they say, or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policies.gateway.reader import EXPRESSIONS, LITERAL, Element
from queries.check.gateway.effective import NAMED, Effective, Statement, UnclearError
from queries.check.gateway.statements import VARIABLE

COPY = "sends a copy of each elsewhere"
WHOLE = re.compile(
    r"@\(\s*context\s*\.\s*(?:Request|Response)\s*\.\s*Body\s*\.\s*As\s*<[^<>]+(?:\[\s*\])?>\s*"
    r"\([^()]*\)\s*(?:\.\s*ToString\s*\(\s*\)\s*)?\)"
)
"""An expression that is a body, and nothing else.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ref-imessagebody
"""
READS = re.compile(
    r"\bBody\b|\\u|\bcontext\b(?!\s*\??\.)|\bcontext\s*\??\.\s*(?:Request|Response)\b(?!\s*\??\.)"
)
"""What of an expression may read a body: by its name, or by what holds it."""
KEPT = re.compile(
    r"\bVariables\s*(?:\.\s*(?:GetValueOrDefault|ContainsKey)\s*(?:<[^>]*>)?\s*\(|\[)\s*\"([^\"]*)\""
)
"""A variable that an expression reads by its name."""
NOT_PLAIN = ('@"', '$"', '$@"')
"""Texts that may hold code, or end otherwise than other texts do."""


def copies(way: Effective, one: Statement, statements: Sequence[Statement]) -> str:
    """Say so where a statement sends what calls say elsewhere; "" where it surely does not.

    Raises:
        UnclearError: it reads what calls say, and what it makes of that is not understood.
    """
    if any("template" in child.attributes for child in one.element.children):
        raise UnclearError("a template decides what it sends elsewhere")
    for text in _texts(one.element):
        filled = _filled(way, text)
        if WHOLE.fullmatch(filled):
            return COPY
        if any(mark in filled for mark in EXPRESSIONS) and _reads(way, filled, statements, ()):
            raise UnclearError("it may send what calls say elsewhere")
    return ""


def plain(code: str) -> str:
    """Return an expression without its texts, where none of them can hold code."""
    if any(mark in code for mark in NOT_PLAIN):
        return code
    return LITERAL.sub('""', code)


def _texts(element: Element) -> Iterator[str]:
    """Yield every text and value of a statement and of those inside."""
    yield element.text.strip()
    yield from element.attributes.values()
    for child in element.children:
        yield from _texts(child)


def _filled(way: Effective, text: str) -> str:
    """Put named values in place; one that cannot be read counts as a plain text inside another.

    Raises:
        UnclearError: such a value is all that there is, or stands in an expression.
    """
    try:
        return way.filled(text)
    except UnclearError:
        rest = plain(text) if any(mark in text for mark in EXPRESSIONS) else NAMED.sub("", text)
        if NAMED.search(rest) or not rest.strip():
            raise
    return NAMED.sub("", text).strip()


def _reads(
    way: Effective, code: str, statements: Sequence[Statement], seen: tuple[str, ...]
) -> bool:
    """Tell whether an expression may read what calls say, also by way of variables."""
    if READS.search(plain(code)):
        return True
    names = KEPT.findall(code)
    if len(names) != len(re.findall(r"\bVariables\b", plain(code))):
        return True
    values = [
        one.element.attributes.get("value", "")
        for one in statements
        if one.element.name == VARIABLE
        and one.element.attributes.get("name") in set(names).difference(seen)
    ]
    return any(_reads(way, _filled(way, one), statements, (*seen, *names)) for one in values)
