"""Reading the XML of API Management policies, expressions and all.

Raw policy text is not XML: an expression keeps its quotes and angle brackets. So tags are found one
by one instead of being parsed as a tree.
https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_VALUE = r"\"(?:@[({].*?[)}]|[^\"]*)\"(?=[\s/>]|$)|'[^']*'"
_ATTRIBUTE = re.compile(rf"(?P<name>[\w.:-]+)\s*=\s*(?P<value>{_VALUE})", re.DOTALL)
_TAG = re.compile(
    rf"<(?P<tag>[\w-]+)(?P<attributes>(?:\s+[\w.:-]+\s*=\s*(?:{_VALUE}))*)\s*(?P<end>/?)>",
    re.DOTALL,
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CHOICE = re.compile(r"<choose>(?:(?!<choose>).)*?</choose>", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """One element of a policy: its name, its attributes, and the text up to its end tag."""

    tag: str
    attributes: dict[str, str]
    text: str

    def attribute(self, name: str) -> str:
        """An attribute's value in lower case; "" if it is not there."""
        return self.attributes.get(name, "").strip().lower()


def statements(text: str) -> Iterator[Statement]:
    """Every element, in the order of the document, comments left out."""
    text = _COMMENT.sub("", text)
    for found in _TAG.finditer(text):
        tag = found["tag"].lower()
        inner = "" if found["end"] else text[found.end() :].split(f"</{found['tag']}>", 1)[0]
        yield Statement(tag, _attributes(found["attributes"]), inner)


def inbound(text: str) -> list[Statement]:
    """What a policy does to every request: its inbound section without what hangs on a choice."""
    section = _COMMENT.sub("", text).partition("<inbound>")[2].partition("</inbound>")[0]
    before = None
    while before != section:
        before, section = section, _CHOICE.sub("", section)
    return list(statements(section))


def _attributes(text: str) -> dict[str, str]:
    return {found["name"].lower(): found["value"][1:-1] for found in _ATTRIBUTE.finditer(text)}


def is_literal(value: str) -> bool:
    """Whether a value is written out: neither an expression nor made of a named value.

    https://learn.microsoft.com/azure/api-management/api-management-howto-properties
    """
    text = value.strip()
    return bool(text) and not text.startswith("@") and "{{" not in text
