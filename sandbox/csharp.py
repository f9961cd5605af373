"""Read the C# of policy expressions: the statements and operators below, and no others.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.errors import NotModelledError

EXPRESSION = re.compile(r"\s*@[({]")
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<word>[A-Za-z_]\w*)|(?P<number>\d+)'
    r"|(?P<sign>=>|==|!=|>=|&&|\?\?|\|\||[-+!<>=.,;:?(){}\[\]]))"
)
_CHARACTER = re.compile(r"'(?:[^'\\]|\\.)'")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
_LEVELS = (("||",), ("&&",), ("==", "!="), (">=",), ("+",))
"""Operators with two operands, the weakest first."""
CLOSING = {"(": ")", "{": "}"}


@dataclass(frozen=True)
class Node:
    """One operation: its kind, and its operands."""

    kind: str
    parts: tuple[Any, ...]


@cache
def parse(text: str) -> Node:
    """Parse an expression: the block of `@{…}`, or the `return` that `@(…)` stands for."""
    inner = text.strip()[1:]
    reader = _Reader(inner)
    found = reader.block() if inner[0] == "{" else Node("return", (reader.bracketed(),))
    reader.expect("")
    return found


def end(text: str, at: int) -> int:
    """Find the end of the expression that begins at `at`; brackets in strings do not count.

    Raises ValueError if the expression has no end.
    """
    depth, at = 0, at + 1
    while at < len(text):
        if text[at] == '"':
            at = text.index('"', at + 1) if text[at - 1] == "@" else _after_string(text, at) - 1
        if character := _CHARACTER.match(text, at):
            at = character.end() - 1
        depth += (text[at] in "({[") - (text[at] in ")}]")
        at += 1
        if depth == 0:
            return at
    raise ValueError("an expression does not end")


def _after_string(text: str, at: int) -> int:
    if found := re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL).match(text, at):
        return found.end()
    raise ValueError("a string does not end")


class _Reader:
    """A parser that goes through the tokens once, from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), ("end", "")]
        self._at = 0

    @property
    def _value(self) -> str:
        return self._tokens[self._at][1]

    def _next(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, value: str) -> bool:
        found = self._value == value and self._tokens[self._at][0] != "text"
        self._at += found
        return found

    def expect(self, value: str) -> None:
        """Take a token; anything else in its place is not modelled."""
        if not self._take(value):
            raise _unknown(f"{self._value!r} where {value or 'the end'!r} is expected")

    def bracketed(self) -> Node:
        """Parse an expression in round brackets."""
        self.expect("(")
        found = self._expression()
        self.expect(")")
        return found

    def block(self) -> Node:
        """Parse statements in curly brackets."""
        self.expect("{")
        found = list[Node]()
        while not self._take("}"):
            found.append(self._statement())
        return Node("block", tuple(found))

    def _statement(self) -> Node:
        if self._value == "{":
            return self.block()
        if self._take("try"):
            tried = self.block()
            self.expect("catch")
            return Node("try", (tried, self.block()))
        if self._take("if"):
            condition, then = self.bracketed(), self._statement()
            return Node("if", (condition, then, self._statement() if self._take("else") else None))
        if self._take("var"):
            name = self._next()[1]
            self.expect("=")
            found = Node("var", (name, self._expression()))
        elif self._take("return"):
            found = Node("return", (self._expression(),))
        else:
            raise _unknown(f"a statement that begins with {self._value!r}")
        self.expect(";")
        return found

    def _expression(self) -> Node:
        """Parse `name => value`, `value ?? other`, and `condition ? value : other`."""
        if [value for _, value in self._tokens[self._at + 1 : self._at + 2]] == ["=>"]:
            name = self._next()[1]
            self.expect("=>")
            return Node("=>", (name, self._expression()))
        found = self._binary(0)
        if self._take("??"):
            return Node("??", (found, self._expression()))
        if not self._take("?"):
            return found
        then = self._expression()
        self.expect(":")
        return Node("?", (found, then, self._expression()))

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._value in _LEVELS[level]:
            operator = self._next()[1]
            left = Node(operator, (left, self._binary(level + 1)))
        return left

    def _unary(self) -> Node:
        if self._take("!"):
            return Node("not", (self._unary(),))
        found = self._primary()
        while self._value in (".", "["):
            if self._take("["):
                found = Node("index", (found, self._expression()))
                self.expect("]")
                continue
            self.expect(".")
            name = self._next()[1]
            kind = self._generic()
            if self._take("("):
                found = Node("call", (found, name, kind, self._arguments()))
            elif kind:
                raise _unknown(f"{name}<{kind}>")
            else:
                found = Node("member", (found, name))
        return found

    def _primary(self) -> Node:
        if self._value == "(":
            return self.bracketed()
        kind, value = self._next()
        if kind == "text":
            return Node("literal", (_ESCAPE.sub(_unescaped, value[1:-1]),))
        if kind == "number":
            return Node("literal", (int(value),))
        if value in _LITERALS:
            return Node("literal", (_LITERALS[value],))
        if value == "new":
            name = self._next()[1]
            self.expect("(")
            return Node("new", (name, self._arguments()))
        if kind == "word":
            return Node("name", (value,))
        raise _unknown(f"{value!r}")

    def _generic(self) -> str:
        """Parse the type in `As<JObject>(` or `As<byte[]>(`; return "" if there is none."""
        after = [value for _, value in self._tokens[self._at : self._at + 6]]
        array = "[]" * (after[2:4] == ["[", "]"])
        if after[:1] + after[2 + len(array) : 4 + len(array)] != ["<", ">", "("]:
            return ""
        self._at += 3 + len(array)
        return after[1] + array

    def _arguments(self) -> tuple[tuple[str, Node], ...]:
        """Parse arguments up to the closing bracket, each with its name, or ""."""
        found = list[tuple[str, Node]]()
        while not self._take(")"):
            if found:
                self.expect(",")
            named = self._tokens[self._at + 1][1] == ":"
            name = self._next()[1] if named else ""
            self._at += named
            found.append((name, self._expression()))
        return tuple(found)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _unknown(f"{text[at : at + 20].strip()!r}")
        yield str(found.lastgroup), found[str(found.lastgroup)]
        at = found.end()


def _unescaped(found: re.Match[str]) -> str:
    if found[1] not in _ESCAPES:
        raise _unknown(f"the escape {found[0]}")
    return _ESCAPES[found[1]]


def _unknown(what: str) -> NotModelledError:
    return NotModelledError(f"the sandbox's gateway does not read {what} in a policy expression")
