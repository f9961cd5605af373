"""Reading the XML of API Management policies, expressions and all.

Raw policy text is not XML: an expression keeps its quotes and angle brackets. So tags are found one
by one, and an end tag closes whatever stands open inside its element.
https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_VALUE = r"\"(?:@[({].*?[)}]|[^\"]*)\"(?=[\s/>]|$)|'[^']*'"
_ATTRIBUTE = re.compile(rf"(?P<name>[\w.:-]+)\s*=\s*(?P<value>{_VALUE})", re.DOTALL)
_TAG = re.compile(
    rf"</(?P<closes>[\w-]+)\s*>"
    rf"|<(?P<tag>[\w-]+)(?P<attributes>(?:\s+[\w.:-]+\s*=\s*(?:{_VALUE}))*)\s*(?P<end>/?)>",
    re.DOTALL,
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass
class Statement:
    """One element of a policy: its name, its attributes, what is in it, and that as text."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Statement] = field(default_factory=list)
    start: int = 0

    def attribute(self, name: str) -> str:
        """An attribute's value in lower case; "" if it is not there."""
        return self.attributes.get(name, "").strip().lower()


def parse(text: str) -> list[Statement]:
    """The outermost elements, comments left out."""
    text = _COMMENT.sub("", text)
    root = Statement("", {})
    opened = [root]
    for found in _TAG.finditer(text):
        if found["closes"]:
            _close(opened, found["closes"].lower(), text, found.start())
            continue
        made = Statement(found["tag"].lower(), _attributes(found["attributes"]), start=found.end())
        opened[-1].children.append(made)
        if not found["end"]:
            opened.append(made)
    return root.children


def statements(text: str) -> Iterator[Statement]:
    """Every element, in the order of the document, comments left out."""
    yield from within(parse(text))


def within(steps: Sequence[Statement]) -> Iterator[Statement]:
    """These elements and all that stand in them."""
    for step in steps:
        yield step
        yield from within(step.children)


def section(text: str, name: str = "inbound") -> list[Statement]:
    """What a section of a policy, or a fragment, does to every request.

    What stands inside another element hangs on a choice, or changes another request.
    """
    top = parse(text)
    if len(top) == 1 and top[0].tag == "policies":
        sections = [part for part in top[0].children if part.tag == name]
        return [step for part in sections for step in part.children]
    return top[0].children if len(top) == 1 and top[0].tag == "fragment" else top


def _close(opened: list[Statement], tag: str, text: str, end: int) -> None:
    """Close the element of that name that stands open, and all that was opened in it since."""
    if tag in (one.tag for one in opened[1:]):
        while opened[-1].tag != tag:
            opened.pop()
        closed = opened.pop()
        closed.text = text[closed.start : end]


def _attributes(text: str) -> dict[str, str]:
    return {found["name"].lower(): found["value"][1:-1] for found in _ATTRIBUTE.finditer(text)}


def is_literal(value: str) -> bool:
    """Whether a value is written out: neither an expression nor made of a named value.

    https://learn.microsoft.com/azure/api-management/api-management-howto-properties
    """
    text = value.strip()
    return bool(text) and not text.startswith("@") and "{{" not in text
