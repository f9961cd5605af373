"""Evaluate policy expressions over one call: the members and types below, and no others.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions has the members
of `context` and the .NET types that an expression may use.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox import csharp
from sandbox.csharp import Node
from sandbox.errors import NotModelledError
from sandbox.gateway.call import Call
from sandbox.gateway.values import Group, Part, Property, ThrownError, Token, held
from sandbox.http import Headers

_STEP = re.compile(
    r"\.?(?P<name>\w+)|\[(?P<every>\*)\]|\[\?\(@\.(?P<key>\w+) == '(?P<is>[^']*)'\)\]"
)
"""What of JSONPath is known: https://www.newtonsoft.com/json/help/html/SelectToken.htm"""


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def evaluate(text: str, call: Call) -> Any:
    """The value of `@(…)` or `@{…}`; ThrownError for an exception of its own.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
    """
    try:
        _run(csharp.parse(text), {name: Part(name) for name in _NAMES}, call)
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
    if node.kind in ("literal", "name"):
        return parts[0] if node.kind == "literal" else _known(names, parts[0], parts[0])
    if node.kind == "=>":
        return lambda item: _value(parts[1], {**names, parts[0]: item}, call)
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
    if path in _VALUES:
        return _VALUES[path](call, target)
    return _known(_PARTS, path, path)


def _item(target: Any, key: Any) -> Any:
    """Return the property of a `JObject`, null if it has none, or the group of a match.

    https://www.newtonsoft.com/json/help/html/Properties_T_Newtonsoft_Json_Linq_JObject.htm
    """
    if isinstance(target, Group) and isinstance(key, int):
        return Group(target.found, key)
    if not isinstance(target, Token) or not isinstance(key, str):
        raise NotModelledError("the sandbox's gateway indexes JSON objects and groups only")
    if not isinstance(target.value, dict):
        raise ThrownError("Cannot access child value.")
    return Token(target.value[key]) if key in target.value else None


def _plus(one: Any, other: Any) -> Any:
    if type(one) is not type(other) or not isinstance(one, str | int):
        raise NotModelledError("the sandbox's gateway adds two texts or two numbers only")
    return one + other


_OPERATORS: dict[str, Callable[..., Any]] = {
    "not": lambda value_of, one: not value_of(one),
    "||": lambda value_of, one, other: value_of(one) or value_of(other),
    "&&": lambda value_of, one, other: value_of(one) and value_of(other),
    "==": lambda value_of, one, other: _same(value_of(one), value_of(other)),
    "!=": lambda value_of, one, other: not _same(value_of(one), value_of(other)),
    "index": lambda value_of, one, key: _item(value_of(one), value_of(key)),
    "??": lambda value_of, one, other: (
        value_of(other) if (found := value_of(one)) is None else found
    ),
    "+": lambda value_of, one, other: _plus(value_of(one), value_of(other)),
    "?": lambda value_of, one, then, other: value_of(then if value_of(one) else other),
}
_NAMES = (
    *("context", "Encoding", "JObject", "JToken", "JValue", "Regex", "RegexOptions"),
    "StringComparison",
)
_PARTS = {
    path: Part(path)
    for path in (
        "context.Operation",
        "context.Request",
        "context.Request.Headers",
        "context.Request.Url",
        "context.Request.Url.Query",
        "context.Response",
        "context.Response.Headers",
        "context.Response.Body",
        "context.Variables",
        "Encoding.UTF8",
        "RegexOptions.IgnoreCase",
        "StringComparison.Ordinal",
    )
}
_VALUES: dict[str, Callable[[Call, Any], Any]] = {
    "context.Request.Body": lambda call, _: (
        Part("context.Request.Body") if call.content() else None
    ),
    "context.Operation.UrlTemplate": lambda call, _: (
        call.operation.properties["urlTemplate"] if call.operation else ""
    ),
    "context.Request.Method": lambda call, _: call.request.method,
    "context.Request.Url.Path": lambda call, _: call.request.path,
    "context.Response.StatusCode": lambda call, _: call.response.status,
    "Property.Name": lambda _, one: one.name,
    "Group.Groups": lambda _, group: group,
    "Group.Success": lambda _, group: group.found is not None,
    "Group.Index": lambda _, group: group.found.start(group.number) if group.found else 0,
    "Group.Length": lambda _, group: len(group.found[group.number]) if group.found else 0,
    "Group.Value": lambda _, group: group.found[group.number] if group.found else "",
}


def _as_text(call: Call, _: Part, *, preserveContent: bool = False) -> str:  # noqa: N803
    """Return the text of a response; see `_as_object`.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ref-imessagebody
    """
    if not preserveContent:
        raise NotModelledError("the sandbox's gateway reads a body with preserveContent: true only")
    return held(call, call.whole()).decode(errors="replace")


def _as_object(call: Call, _: Part, *, preserveContent: bool = False) -> Token:  # noqa: N803
    """A response that comes in parts is waited for, whole: it is no stream any more.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ref-imessagebody
    """
    if not preserveContent:
        raise NotModelledError("the sandbox's gateway reads a body with preserveContent: true only")
    return _parsed(held(call, call.whole()))


def _parsed(text: str | bytes) -> Token:
    """Read a JSON object; Json.NET takes control characters in texts too.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JObject_Parse.htm

    Sure: inferred, as Json.NET also takes comments, single quotes and names without quotes, which
    are an error here: the service behind refuses what is no JSON.
    """
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ThrownError(f"The message body is not a valid JSON. {error}") from None
    if not isinstance(value, dict):
        raise ThrownError("Error reading JObject from JsonReader.")
    return Token(value)


def _as_bytes(call: Call, _: Part, *, preserveContent: bool = False) -> bytes:  # noqa: N803
    """Return the bytes of the request's body as they came.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ref-imessagebody
    """
    if not preserveContent:
        raise NotModelledError("the sandbox's gateway reads a body with preserveContent: true only")
    return held(call, call.content())


def _deep(token: Token | None, other: Token | None) -> bool:
    """Compare two tokens by value and by type, as `JToken.DeepEquals` does.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JToken_DeepEquals.htm
    """
    if token is None or other is None:
        return token is other
    if isinstance(token.value, dict | list) and isinstance(other.value, dict | list):
        raise NotModelledError("the sandbox's gateway compares no two JSON containers")
    return type(token.value) is type(other.value) and bool(token.value == other.value)


def _select(_: Call, token: Token, path: str) -> Token | None:
    found = list(_selected(token.value, path))
    if len(found) > 1:
        raise ThrownError("Path returned multiple tokens.")
    return found[0] if found else None


def _properties(_: Call, token: Token) -> list[Property]:
    """Return the properties of a `JObject`; of a name that comes twice it has the last.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JObject_Properties.htm
    """
    return [Property(name, value) for name, value in token.value.items()]


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


_UNREAD = re.compile(r"\(\?|\\[^x]")
"""What of a pattern Python may read in another way than .NET."""


def _pattern(pattern: str, options: Part | None = None) -> re.Pattern[str]:
    """Compile a pattern; sets, groups, ends and escapes of codes mean the same to Python.

    https://learn.microsoft.com/dotnet/standard/base-types/regular-expression-language-quick-reference
    """
    if _UNREAD.search(pattern):
        raise NotModelledError(f"the sandbox's gateway does not look for {pattern}")
    return re.compile(pattern, re.IGNORECASE if options else 0)


def _replace(_: Call, __: Part, text: str, pattern: str, replacement: str) -> str:
    """Replace by a text: one with `$` or a backslash means something to .NET or to Python."""
    if re.search(r"[\\$]", replacement):
        raise NotModelledError(f"the sandbox's gateway does not replace by {replacement}")
    return _pattern(pattern).sub(replacement, text)


def _ordinal(*options: Part) -> None:
    """Refuse a comparison by a culture's rules, which is what .NET does unless told otherwise.

    https://learn.microsoft.com/dotnet/standard/base-types/best-practices-strings
    """
    if options != (Part("StringComparison.Ordinal"),):
        raise NotModelledError("the sandbox's gateway looks for texts by StringComparison.Ordinal")


def _find(_: Call, text: str, part: str, *options: Part) -> int:
    _ordinal(*options)
    return text.find(part)


def _find_last(_: Call, text: str, part: str, *options: Part) -> int:
    _ordinal(*options)
    return text.rfind(part)


def _part_of(_: Call, text: str, start: int, length: int | None = None) -> str:
    """Cut a text; .NET throws where it does not reach so far."""
    end = len(text) if length is None else start + length
    if not 0 <= start <= end <= len(text):
        raise ThrownError("Index and length must refer to a location within the string.")
    return text[start:end]


_NEW: dict[str, Callable[..., Any]] = {
    "JProperty": lambda name, content: Property(name, _plain(content)),
    "JArray": lambda content: Token(_plain(content)),
    "JObject": lambda *content: Token({one.name: one.value for one in content}),
    "JValue": Token,
}
_METHODS: dict[str, Callable[..., Any]] = {
    "context.Response.Headers.GetValueOrDefault": lambda call, _, name, other: (
        call.response.headers.get(name, other)
    ),
    "context.Response.Body.As<JObject>": _as_object,
    "context.Response.Body.As<string>": _as_text,
    "context.Request.Headers.GetValueOrDefault": lambda call, _, name, other: (
        call.request.headers.get(name, other)
    ),
    "context.Request.Url.Query.GetValueOrDefault": lambda call, _, name, other: Headers(
        call.request.query
    ).get(name, other),
    "context.Request.Body.As<byte[]>": _as_bytes,
    "context.Variables.GetValueOrDefault<string>": lambda call, _, name, other: call.variables.get(
        name, other
    ),
    "str.StartsWith": lambda _, text, start, *__: text.startswith(start),
    "str.Contains": lambda _, text, part: part in text,
    "str.IndexOf": _find,
    "str.LastIndexOf": _find_last,
    "str.Substring": _part_of,
    "str.ToLowerInvariant": lambda _, text: text.lower(),
    "str.TrimStart": lambda _, text: text.lstrip(),
    "Encoding.UTF8.GetString": lambda _, __, raw: raw.decode(errors="replace"),
    "Encoding.UTF8.GetBytes": lambda _, __, text: text.encode(errors="replace"),
    "bytes.SequenceEqual": lambda _, raw, other: raw == other,
    "JObject.Parse": lambda _, __, text: _parsed(text),
    "JValue.CreateNull": lambda _, __: Token(None),
    "list.Any": lambda _, found, condition: any(map(condition, found)),
    "JToken.DeepEquals": lambda _, __, one, other: _deep(one, other),
    "Token.Properties": _properties,
    "Token.SelectToken": _select,
    "Token.SelectTokens": lambda _, token, path: list(_selected(token.value, path)),
    "Token.ToString": lambda _, token: json.dumps(token.value, indent=2, ensure_ascii=False),
    "Regex.Replace": _replace,
    "Regex.IsMatch": lambda _, __, text, pattern, *o: bool(_pattern(pattern, *o).search(text)),
    "Regex.Match": lambda _, __, text, pattern, *o: Group(_pattern(pattern, *o).search(text)),
}
