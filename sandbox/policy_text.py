"""Turn policy documents as people write them, with raw expressions, into XML."""

import re
from functools import lru_cache
from xml.sax.saxutils import escape

from sandbox.csharp import end
from sandbox.errors import NotModelledError

_EXPRESSION = re.compile(r"(?<=[\"'>\s])@[({]")
"""Expressions begin an attribute's value or a text.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
"""


@lru_cache(maxsize=64)
def as_xml(text: str, kind: str) -> str:
    """Escape the expressions of a document, which the format `rawxml` leaves as C#.

    https://learn.microsoft.com/rest/api/apimanagement/api-policy/create-or-update#policycontentformat
    """
    if kind != "rawxml":
        return text
    done, at = "", 0
    while found := _EXPRESSION.search(text, at):
        try:
            after = end(text, found.start())
        except ValueError as error:
            raise NotModelledError(f"policy text whose expression has no end: {error}") from None
        done += text[at : found.start()] + escape(text[found.start() : after], {'"': "&quot;"})
        at = after
    return done + text[at:]
