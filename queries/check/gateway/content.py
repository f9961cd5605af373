"""What a statement that sends something tells: what calls say, their keys, or neither."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
SECRETS = frozenset({"authorization", "api-key", "ocp-apim-subscription-key", "subscription-key"})
"""Names under which callers send a key, and the gateway its token."""
KEY = re.compile(r"\b(?:Primary|Secondary)Key\b|\bSubscription\s*\??\.\s*Key\b")
"""https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ref-context-subscription"""
WHICH_KEY = re.compile(
    r"\bcontext\.Subscription\.Key == context\.Subscription\.(?:Primary|Secondary)Key(?= \? )"
)
"""Whether a call has the one key or the other, which is neither key."""
NAMED_READ = re.compile(
    r"\b(Headers|Query)\s*(?:\??\.\s*(GetValueOrDefault|ContainsKey|TryGetValue)\s*\(|\[)\s*"
    r"[\"']([^\"'\\]*)[\"']\s*(?=[,)\]])"
)
"""A header or parameter that an expression reads by its name, or asks whether there is one."""
HARMLESS_READ = re.compile(
    r"\bResponse\s*\??\.\s*Headers\b"
    r"|\bHeaders\s*\??\.\s*GetValueOrDefault\s*\(\s*\"Authorization\"\s*(?:,\s*\"[^\"]*\"\s*)?\)"
    r"\s*\??\.\s*AsJwt\s*\(\s*\)\s*\??\.",
    re.IGNORECASE,
)
"""Headers of an answer, and what a caller's token says, which is not the token."""
TOKENS = {
    "authentication-managed-identity": "output-token-variable-name",
    "get-authorization-context": "context-variable-name",
}
"""Statements that keep a token of the gateway's in a variable, and the attribute that names it.

https://learn.microsoft.com/azure/api-management/authentication-managed-identity-policy
https://learn.microsoft.com/azure/api-management/get-authorization-context-policy
"""
SAYS, SECRET = "what calls say", "a key or a token"
NOT_PLAIN = ('@"', '$"', '$@"')
"""Texts that may hold code, or end otherwise than other texts do."""


def copies(way: Effective, one: Statement, statements: Sequence[Statement], key_header: str) -> str:
    """Say so where a statement sends what calls say elsewhere; "" where it surely does not.

    `key_header` is the header in which callers send their key.

    Raises:
        UnclearError: it reads what calls say or a secret, and what it makes of that is not
            understood.
    """
    if any("template" in child.attributes for child in one.element.children):
        raise UnclearError("a template decides what it sends elsewhere")
    reader = _Reader(way, statements, SECRETS | {key_header.lower()})
    for text in texts(one.element):
        filled = reader.filled(text)
        if WHOLE.fullmatch(filled):
            return COPY
        if any(mark in filled for mark in EXPRESSIONS) and (found := reader.read(filled, ())):
            raise UnclearError(f"it may send {found} elsewhere")
    return ""


def plain(code: str) -> str:
    """Return an expression without its texts, where none of them can hold code."""
    if any(mark in code for mark in NOT_PLAIN):
        return code
    return LITERAL.sub('""', code)


def texts(element: Element) -> Iterator[str]:
    """Yield every text and value of a statement and of those inside."""
    yield element.text.strip()
    yield from element.attributes.values()
    for child in element.children:
        yield from texts(child)


@dataclass(frozen=True)
class _Reader:
    """What expressions of a way read, also by way of variables."""

    way: Effective
    statements: Sequence[Statement]
    secrets: frozenset[str]
    """Names of headers and parameters that hold a key or a token, in lower case."""

    def filled(self, text: str) -> str:
        """Put named values in place; one that cannot be read counts as a plain text inside another.

        Raises:
            UnclearError: such a value is all that there is, or stands in an expression.
        """
        try:
            return self.way.filled(text)
        except UnclearError:
            rest = plain(text) if any(mark in text for mark in EXPRESSIONS) else NAMED.sub("", text)
            if NAMED.search(rest) or not rest.strip():
                raise
        return NAMED.sub("", text).strip()

    def read(self, code: str, seen: tuple[str, ...]) -> str:
        """Name what an expression may read that is nobody else's business; "" for nothing."""
        code = html.unescape(code)
        if READS.search(plain(code)):
            return SAYS
        if self._secret(code):
            return SECRET
        names = KEPT.findall(code)
        if len(names) != len(re.findall(r"\bVariables\b", plain(code))):
            return SAYS
        wanted = set(names).difference(seen)
        for one in self.statements:
            element, given = one.element, one.element.attributes
            if given.get(TOKENS.get(element.name, ""), "") in wanted - {""}:
                return SECRET
            if element.name == VARIABLE and given.get("name") in wanted:
                value = self.filled(given.get("value", ""))
                if found := self.read(value, (*seen, *names)):
                    return found
        return ""

    def _secret(self, code: str) -> bool:
        """Tell whether an expression may read a header or a parameter that holds a secret."""
        code = WHICH_KEY.sub("", HARMLESS_READ.sub("", code))
        bare = plain(code)
        found = NAMED_READ.findall(code)
        by_name = sum(kind == "Headers" for kind, _, _ in found)
        if KEY.search(bare) or len(re.findall(r"\bHeaders\b", bare)) > by_name:
            return True
        return any(how != "ContainsKey" and name.lower() in self.secrets for _, how, name in found)
