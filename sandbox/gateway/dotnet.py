"""What of .NET and Json.NET a policy expression may use: tokens, JSONPath, patterns and texts."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.errors import NotModelledError
from sandbox.gateway.call import Call
from sandbox.gateway.values import Part, Property, ThrownError, Token

_STEP = re.compile(
    r"\.?(?P<name>\w+)|\[(?P<every>\*)\]|\[\?\(@\.(?P<key>\w+) == '(?P<is>[^']*)'\)\]"
)
"""What of JSONPath is known: https://www.newtonsoft.com/json/help/html/SelectToken.htm"""


def parsed(text: str | bytes) -> Token:
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


def deep(token: Token | None, other: Token | None) -> bool:
    """Compare two tokens by value and by type, as `JToken.DeepEquals` does.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JToken_DeepEquals.htm
    """
    if token is None or other is None:
        return token is other
    if isinstance(token.value, dict | list) and isinstance(other.value, dict | list):
        raise NotModelledError("the sandbox's gateway compares no two JSON containers")
    return type(token.value) is type(other.value) and bool(token.value == other.value)


def written(value: Any) -> str:
    """Write JSON indented; of a text alone the text itself, without quotes.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JToken_ToString.htm
    """
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def select(_: Call, token: Token, path: str) -> Token | None:
    """Return what a JSONPath leads to, null for nothing; .NET throws where it is several.

    https://www.newtonsoft.com/json/help/html/SelectToken.htm
    """
    found = list(selected(token.value, path))
    if len(found) > 1:
        raise ThrownError("Path returned multiple tokens.")
    return found[0] if found else None


def properties(_: Call, token: Token) -> list[Property]:
    """Return the properties of a `JObject`; of a name that comes twice it has the last.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JObject_Properties.htm
    """
    return [Property(name, value) for name, value in token.value.items()]


def selected(value: Any, path: str) -> Iterator[Token]:
    """Yield each token to which a JSONPath leads.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JToken_SelectTokens.htm
    """
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
        yield from selected(one, rest)


def plain(content: Any) -> Any:
    """Return the JSON from which a container was made.

    https://www.newtonsoft.com/json/help/html/M_Newtonsoft_Json_Linq_JArray__ctor_3.htm
    """
    if isinstance(content, list):
        return [plain(one) for one in content]
    return content.value if isinstance(content, Token) else content


_UNREAD = re.compile(r"\(\?|\\[^x\\*+?|{\[()^$.# ]")
"""What of a pattern Python may read in another way than .NET."""


def escaped(text: str) -> str:
    """Escape what means something in a pattern: line breaks and tabs become letters.

    https://learn.microsoft.com/dotnet/api/system.text.regularexpressions.regex.escape
    """
    if re.search(r"[\t\n\r\f]", text):
        raise NotModelledError("the sandbox's gateway does not escape line breaks and tabs")
    return re.sub(r"[\\*+?|{\[()^$.# ]", r"\\\g<0>", text)


def compiled(pattern: str, options: Part | None = None) -> re.Pattern[str]:
    """Compile a pattern; sets, groups, ends and escapes of codes mean the same to Python.

    https://learn.microsoft.com/dotnet/standard/base-types/regular-expression-language-quick-reference
    """
    if _UNREAD.search(pattern):
        raise NotModelledError(f"the sandbox's gateway does not look for {pattern}")
    return re.compile(pattern, re.IGNORECASE if options else 0)


def replace(_: Call, __: Part, text: str, pattern: str, replacement: str) -> str:
    """Replace by a text: one with `$` or a backslash means something to .NET or to Python.

    https://learn.microsoft.com/dotnet/api/system.text.regularexpressions.regex.replace
    """
    if re.search(r"[\\$]", replacement):
        raise NotModelledError(f"the sandbox's gateway does not replace by {replacement}")
    return compiled(pattern).sub(replacement, text)


def ordinal(*options: Part) -> None:
    """Refuse a comparison by a culture's rules, which is what .NET does unless told otherwise.

    https://learn.microsoft.com/dotnet/standard/base-types/best-practices-strings
    """
    if options != (Part("StringComparison.Ordinal"),):
        raise NotModelledError("the sandbox's gateway looks for texts by StringComparison.Ordinal")


def find(_: Call, text: str, part: str, *options: Part) -> int:
    """Return where a text first holds another, -1 for nowhere.

    https://learn.microsoft.com/dotnet/api/system.string.indexof
    """
    ordinal(*options)
    return text.find(part)


def find_last(_: Call, text: str, part: str, *options: Part) -> int:
    """Return where a text last holds another, -1 for nowhere.

    https://learn.microsoft.com/dotnet/api/system.string.lastindexof
    """
    ordinal(*options)
    return text.rfind(part)


def part_of(_: Call, text: str, start: int, length: int | None = None) -> str:
    """Cut a text; .NET throws where it does not reach so far.

    https://learn.microsoft.com/dotnet/api/system.string.substring
    """
    end = len(text) if length is None else start + length
    if not 0 <= start <= end <= len(text):
        raise ThrownError("Index and length must refer to a location within the string.")
    return text[start:end]
