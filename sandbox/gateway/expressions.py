"""Evaluate policy expressions over one call: the members and types below, and no others.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions has the members
of `context` and the .NET types that an expression may use.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox import csharp
from sandbox.csharp import Node
from sandbox.errors import NotModelledError
from sandbox.gateway.call import Call

_STEP = re.compile(
    r"\.?(?P<name>\w+)|\[(?P<every>\*)\]|\[\?\(@\.(?P<key>\w+) == '(?P<is>[^']*)'\)\]"
)
"""What of JSONPath is known: https://www.newtonsoft.com/json/help/html/SelectToken.htm"""


class ThrownError(Exception):
    """A .NET exception: a `catch` of the expression takes it, or the call fails."""


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@dataclass(frozen=True)
class Token:
    """A `JToken`: a JSON value, `null` included, which is not C#'s."""

    value: Any


@dataclass(frozen=True)
class Property:
    """A `JProperty`."""

    name: str
    value: Any


@dataclass(frozen=True)
class Part:
    """`context`, or one of the objects below it, by its path."""

    path: str


def evaluate(text: str, call: Call) -> Any:
    """The value of `@(…)` or `@{…}`; ThrownError for an exception of its own.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
    """
    try:
        _run(csharp.parse(text), {"context": Part("context"), "Regex": Part("Regex")}, call)
    except _ReturnError as found:
        return found.value
    raise NotModelledError("a policy expression ends without a return statement")


def _run(node: Node, names: dict[str, Any], call: Call) -> None:
    parts = node.parts
    if node.kind == "block":
        own = dict(names)
        for statement in parts:
            _run(statement, own, call)
    elif node.kind == "var":
        names[parts[0]] = _value(parts[1], names, call)
    elif node.kind == "return":
        raise _ReturnError(_value(parts[0], names, call))
    elif node.kind == "try":
        try:
            _run(parts[0], names, call)
        except ThrownError:
            _run(parts[1], names, call)
    elif (chosen := parts[1] if _value(parts[0], names, call) else parts[2]) is not None:
        _run(chosen, names, call)


def _value(node: Node, names: dict[str, Any], call: Call) -> Any:
    def value_of(part: Node) -> Any:
        return _value(part, names, call)

    parts = node.parts
    if node.kind == "literal":
        return parts[0]
    if node.kind == "name":
        return _known(names, parts[0], parts[0])
    if node.kind in _OPERATORS:
        return _OPERATORS[node.kind](value_of, *parts)
    if node.kind == "new":
        return _known(_NEW, parts[0], f"new {parts[0]}")(*(value_of(one) for _, one in parts[1]))
    if node.kind == "member":
        return _member(value_of(parts[0]), parts[1], call)
    return _call(value_of, call, parts)


def _call(value_of: Callable[[Node], Any], call: Call, parts: tuple[Any, ...]) -> Any:
    """Return a method's value; its arguments come by place and by name."""
    holder, name, kind, given = parts
    target = value_of(holder)
    if target is None:
        raise ThrownError("Object reference not set to an instance of an object.")
    owner = target.path if isinstance(target, Part) else type(target).__name__
    said = f"{owner}.{name}{f'<{kind}>' if kind else ''}"
    named = {name: value_of(one) for name, one in given if name}
    plain = [value_of(one) for name, one in given if not name]
    return _known(_METHODS, said, said)(call, target, *plain, **named)


def _same(one: Any, other: Any) -> bool:
    """Compare text, numbers or null; two tokens are the same if they are one object."""
    return one is other if Token in (type(one), type(other)) else bool(one == other)


def _known(table: dict[str, Any], key: str, said: str) -> Any:
    if key not in table:
        raise NotModelledError(f"the sandbox's gateway does not know {said} in policy expressions")
    return table[key]


def _member(target: Any, name: str, call: Call) -> Any:
    path = (
        f"{target.path}.{name}" if isinstance(target, Part) else f"{type(target).__name__}.{name}"
    )
    if path == "context.Response.StatusCode":
        return call.response.status
    return _known(_PARTS, path, path)


_OPERATORS: dict[str, Callable[..., Any]] = {
    "not": lambda value_of, one: not value_of(one),
    "||": lambda value_of, one, other: value_of(one) or value_of(other),
    "&&": lambda value_of, one, other: value_of(one) and value_of(other),
    "==": lambda value_of, one, other: _same(value_of(one), value_of(other)),
    "!=": lambda value_of, one, other: not _same(value_of(one), value_of(other)),
}
_PARTS = {
    path: Part(path)
    for path in (
        "context.Response",
        "context.Response.Headers",
        "context.Response.Body",
        "context.Variables",
    )
}


def _as_object(call: Call, _: Part, *, preserveContent: bool = False) -> Token:  # noqa: N803
    """A response that comes in parts is waited for, whole: it is no stream any more.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ref-imessagebody
    """
    if not preserveContent:
        raise NotModelledError("the sandbox's gateway reads a body with preserveContent: true only")
    try:
        value = json.loads(call.whole())
    except ValueError as error:
        raise ThrownError(f"The message body is not a valid JSON. {error}") from None
    if not isinstance(value, dict):
        raise ThrownError("Error reading JObject from JsonReader.")
    return Token(value)


def _select(_: Call, token: Token, path: str) -> Token | None:
    found = list(_selected(token.value, path))
    if len(found) > 1:
        raise ThrownError("Path returned multiple tokens.")
    return found[0] if found else None


def _selected(value: Any, path: str) -> Iterator[Token]:
    if not path:
        yield Token(value)
        return
    step = _STEP.match(path)
    if step is None:
        raise NotModelledError(f"the sandbox's gateway does not follow the JSONPath {path}")
    rest = path[step.end() :]
    if step["name"]:
        inner = [value[step["name"]]] if isinstance(value, dict) and step["name"] in value else []
    else:
        inner = value if isinstance(value, list) else []
        if step["key"]:
            inner = [
                one for one in inner if isinstance(one, dict) and one.get(step["key"]) == step["is"]
            ]
    for one in inner:
        yield from _selected(one, rest)


def _plain(content: Any) -> Any:
    """Return the JSON from which a container was made."""
    if isinstance(content, list):
        return [_plain(one) for one in content]
    return content.value if isinstance(content, Token) else content


def _replace(_: Call, __: Part, text: str, pattern: str, replacement: str) -> str:
    """Replace by a pattern; sets, alternatives and escapes of codes mean the same to Python."""
    if re.search(r"\(\?|\\[^x]|\$", pattern + replacement):
        raise NotModelledError(f"the sandbox's gateway does not replace by {pattern}")
    return re.sub(pattern, replacement, text)


_NEW: dict[str, Callable[..., Any]] = {
    "JProperty": lambda name, content: Property(name, _plain(content)),
    "JArray": lambda content: Token(_plain(content)),
    "JObject": lambda *content: Token({one.name: one.value for one in content}),
}
_METHODS: dict[str, Callable[..., Any]] = {
    "context.Response.Headers.GetValueOrDefault": lambda call, _, name, other: (
        call.response.headers.get(name, other)
    ),
    "context.Response.Body.As<JObject>": _as_object,
    "context.Variables.GetValueOrDefault<string>": lambda call, _, name, other: call.variables.get(
        name, other
    ),
    "str.StartsWith": lambda _, text, start: text.startswith(start),
    "Token.SelectToken": _select,
    "Token.SelectTokens": lambda _, token, path: list(_selected(token.value, path)),
    "Token.ToString": lambda _, token: json.dumps(token.value, indent=2, ensure_ascii=False),
    "Regex.Replace": _replace,
}
