"""Read a policy document, for the post-deploy check and for the guardrails.

It is near XML: an expression keeps its quotes and angle brackets.
https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

OPEN = re.compile(r"<([A-Za-z][\w.:-]*)")
CLOSE = re.compile(r"</([A-Za-z][\w.:-]*)\s*>")
ATTRIBUTE = re.compile(r"\s*([\w:.-]+)\s*=\s*(?=[\"'])")
END = re.compile(r"\s*(/?)>")
EXPRESSIONS = ("@(", "@{")
LITERAL = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)'")
"""A text or a character in an expression: brackets in it do not count."""
ESCAPES = {"&quot;": '"', "&apos;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}


@dataclass
class Element:
    """A statement of a policy, with those inside it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""
    """What stands between them, expressions included."""

    def all(self, name: str) -> Iterator[Element]:
        """Yield every statement of that name inside, in the order of the document."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def first(self, name: str) -> Element | None:
        """Return the first of them."""
        return next(self.all(name), None)


def parse(text: str) -> Element | None:
    """Read the document; None if its tags do not match."""
    root = Element("")
    path, at = [root], 0
    try:
        while at < len(text):
            at = _step(text, at, path)
    except ValueError:
        return None
    return root if len(path) == 1 and root.children else None


def _step(text: str, at: int, path: list[Element]) -> int:
    """Take in one tag, comment or expression, or one character of plain text."""
    if text.startswith("<!--", at):
        return text.index("-->", at) + 3
    if text.startswith(EXPRESSIONS, at):
        end = _after_expression(text, at)
        path[-1].text += text[at:end]
        return end
    if closing := CLOSE.match(text, at):
        if path[-1].name != closing[1]:
            raise ValueError(closing[1])
        path.pop()
        return closing.end()
    if not (opening := OPEN.match(text, at)):
        path[-1].text += text[at]
        return at + 1
    element, at = Element(opening[1]), opening.end()
    while attribute := ATTRIBUTE.match(text, at):
        start = attribute.end() + 1
        begin = _after_expression(text, start) if text.startswith(EXPRESSIONS, start) else start
        end = text.index(text[start - 1], begin)
        element.attributes[attribute[1]] = _plain(text[start:end])
        at = end + 1
    last = END.match(text, at)
    if not last:
        raise ValueError(element.name)
    path[-1].children.append(element)
    if not last[1]:
        path.append(element)
    return last.end()


def _after_expression(text: str, at: int) -> int:
    """Find the place behind the bracket that ends an expression."""
    depth, at = 0, at + 1
    while at < len(text):
        literal = LITERAL.match(text, at)
        depth += 0 if literal else (text[at] in "({") - (text[at] in ")}")
        at = literal.end() if literal else at + 1
        if depth == 0:
            return at
    raise ValueError("an expression does not end")


def _plain(value: str) -> str:
    for escape, character in ESCAPES.items():
        value = value.replace(escape, character)
    return value
