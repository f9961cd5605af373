"""Evaluate policy expressions over one call: the members and types below, and no others.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions has the members
of `context` and the .NET types that an expression may use.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox import clock, csharp
from sandbox.csharp import Node
from sandbox.errors import NotModelledError
from sandbox.gateway import dotnet
from sandbox.gateway.call import Call, Claims, Jwt
from sandbox.gateway.values import Group, Part, Property, ThrownError, Token, held
from sandbox.http import Headers


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
        raise ThrownError(NO_OBJECT)
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
    if target is None:
        raise ThrownError(NO_OBJECT)
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
    if isinstance(target, Claims):
        if key not in target:
            raise ThrownError("The given key was not present in the dictionary.")
        return target[key]
    if not isinstance(target, Token) or not isinstance(key, str):
        raise NotModelledError("the sandbox's gateway indexes JSON objects and groups only")
    if not isinstance(target.value, dict):
        raise ThrownError("Cannot access child value.")
    return Token(target.value[key]) if key in target.value else None


def _plus(one: Any, other: Any) -> Any:
    if type(one) is not type(other) or not isinstance(one, str | int):
        raise NotModelledError("the sandbox's gateway adds two texts or two numbers only")
    return one + other


def _at_least(one: Any, other: Any) -> bool:
    if type(one) is not type(other) or not isinstance(one, int | datetime):
        raise NotModelledError("the sandbox's gateway orders two numbers or two dates only")
    return bool(one >= other)


NO_OBJECT = "Object reference not set to an instance of an object."
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
    ">=": lambda value_of, one, other: _at_least(value_of(one), value_of(other)),
    "+": lambda value_of, one, other: _plus(value_of(one), value_of(other)),
    "?": lambda value_of, one, then, other: value_of(then if value_of(one) else other),
}
_NAMES = (
    *("context", "DateTime", "Encoding", "JObject", "JToken", "JValue", "Regex", "RegexOptions"),
    *("StringComparison", "string"),
)
_PARTS = {
    path: Part(path)
    for path in (
        "context.Operation",
        "context.Request",
        "context.Request.Headers",
        "context.Request.Url",
        "context.Request.Url.Query",
        "context.Response.Headers",
        "context.Response.Body",
        "context.Variables",
        "Encoding.UTF8",
        "RegexOptions.IgnoreCase",
        "StringComparison.Ordinal",
    )
}
_VALUES: dict[str, Callable[[Call, Any], Any]] = {
    "DateTime.UtcNow": lambda _, __: datetime.fromtimestamp(clock.now(), UTC).replace(tzinfo=None),
    "context.Request.Body": lambda call, _: (
        Part("context.Request.Body") if call.content() else None
    ),
    "context.Operation.UrlTemplate": lambda call, _: (
        call.operation.properties["urlTemplate"] if call.operation else ""
    ),
    "context.Subscription": lambda call, _: (
        Part("context.Subscription") if call.subscription else None
    ),
    "context.Subscription.Id": lambda call, _: call.subscription and call.subscription.name,
    "context.Subscription.Key": lambda call, _: call.key,
    "context.Subscription.PrimaryKey": lambda call, _: call.keys[0],
    "context.Subscription.SecondaryKey": lambda call, _: call.keys[1],
    "bytes.Length": lambda _, raw: len(raw),
    "context.Request.Method": lambda call, _: call.request.method,
    "context.Request.Url.Path": lambda call, _: call.request.path,
    "context.LastError": lambda call, _: Part("context.LastError") if call.error else None,
    "context.LastError.Reason": lambda call, _: (
        call.error.columns["LastErrorReason"] if call.error else None
    ),
    "context.Tracing": lambda call, _: call.traced,
    "context.LastError.Source": lambda call, _: (
        call.error.columns["LastErrorSource"] if call.error else None
    ),
    "context.Response": lambda call, _: Part("context.Response") if call.answered else None,
    "context.Response.StatusCode": lambda call, _: call.response.status,
    "context.Response.StatusReason": lambda call, _: call.reason,
    "Jwt.Claims": lambda _, token: token.claims,
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
    return dotnet.parsed(held(call, call.whole()))


def _as_bytes(call: Call, _: Part, *, preserveContent: bool = False) -> bytes:  # noqa: N803
    """Return the bytes of the request's body as they came.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ref-imessagebody
    """
    if not preserveContent:
        raise NotModelledError("the sandbox's gateway reads a body with preserveContent: true only")
    return held(call, call.content())


def _variable(call: Call, kind: type, name: str, other: object) -> object:
    """Return a variable of the call, or the other value; .NET throws where it is of another type.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ContextVariables
    """
    found = call.variables.get(name, other)
    if name in call.variables and type(found) is not kind:
        raise ThrownError("Unable to cast object.")
    return found


_NEW: dict[str, Callable[..., Any]] = {
    "DateTime": datetime,
    "JProperty": lambda name, content: Property(name, dotnet.plain(content)),
    "JArray": lambda content: Token(dotnet.plain(content)),
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
    "context.Variables.GetValueOrDefault<string>": lambda call, _, *given: _variable(
        call, str, *given
    ),
    "context.Variables.GetValueOrDefault<int>": lambda call, _, *given: _variable(
        call, int, *given
    ),
    "context.Variables.GetValueOrDefault<Jwt>": lambda call, _, *given: _variable(
        call, Jwt, *given
    ),
    "Claims.ContainsKey": lambda _, claims, name: name in claims,
    "Claims.GetValueOrDefault": lambda _, claims, name, other: (
        ",".join(claims[name]) if name in claims else other
    ),
    "string.Join": lambda _, __, between, texts: between.join(texts),
    "list.Select": lambda _, found, change: [change(one) for one in found],
    "str.StartsWith": lambda _, text, start, *__: text.startswith(start),
    "str.Contains": lambda _, text, part: part in text,
    "str.IndexOf": dotnet.find,
    "str.LastIndexOf": dotnet.find_last,
    "str.Substring": dotnet.part_of,
    "str.ToLowerInvariant": lambda _, text: text.lower(),
    "str.TrimStart": lambda _, text: text.lstrip(),
    "Encoding.UTF8.GetString": lambda _, __, raw: raw.decode(errors="replace"),
    "Encoding.UTF8.GetBytes": lambda _, __, text: text.encode(errors="replace"),
    "bytes.SequenceEqual": lambda _, raw, other: raw == other,
    "JObject.Parse": lambda _, __, text: dotnet.parsed(text),
    "JValue.CreateNull": lambda _, __: Token(None),
    "list.Any": lambda _, found, condition: any(map(condition, found)),
    "JToken.DeepEquals": lambda _, __, one, other: dotnet.deep(one, other),
    "Token.Properties": dotnet.properties,
    "Token.SelectToken": dotnet.select,
    "Token.SelectTokens": lambda _, token, path: list(dotnet.selected(token.value, path)),
    "Token.ToString": lambda _, token: dotnet.written(token.value),
    "Regex.Escape": lambda _, __, text: dotnet.escaped(text),
    "Regex.Replace": dotnet.replace,
    "Regex.IsMatch": lambda _, __, text, pattern, *o: bool(
        dotnet.compiled(pattern, *o).search(text)
    ),
    "Regex.Match": lambda _, __, text, pattern, *o: Group(
        dotnet.compiled(pattern, *o).search(text)
    ),
}
