"""The operator `search` at the head of a query, in terms of `union` and `where`.

https://learn.microsoft.com/kusto/query/search-operator

Sure: documented.
"""

import re
from collections.abc import Mapping

from sandbox.errors import NotModelledError

_WORD = r'"([^"\\]+)"'
_SEARCH = re.compile(rf"\s*search\s+(?:\*|{_WORD}(?:\s+and\s+{_WORD})?)\s*(?=\||$)")
_SOURCE = "['$table']"
_SEARCHED = ("string", "dynamic", "guid")
_NOTHING = f"datatable({_SOURCE}:string, TimeGenerated:datetime)[]"


def expanded(text: str, shapes: Mapping[str, Mapping[str, str]]) -> str:
    """The query without `search`: rows of every table that hold each word in some column.

    With an asterisk in the place of words they are all rows.

    They have the columns that all tables have: the engine cannot tell others by their case.
    """
    if not re.match(r"\s*search\b", text):
        return text
    found = _SEARCH.match(text)
    if found is None:
        raise NotModelledError("KQL: search for other than one or two words in every table, or all")
    words = [word for word in found.groups() if word]
    common = set.intersection(*map(set, shapes.values())) if shapes else set()
    shown = ", ".join([*sorted(common), _SOURCE])
    tables = [
        f"({name} | where {' and '.join(_held(word, shape) for word in words) or 'true'}"
        f" | extend {_SOURCE} = '{name}' | project {shown})"
        for name, shape in shapes.items()
    ]
    rest = text[found.end() :].replace("$table", _SOURCE)
    return f"{'union ' * bool(tables)}{', '.join(tables) or _NOTHING} {rest}"


def _held(word: str, shape: Mapping[str, str]) -> str:
    """The word as a whole, or within others where it stands between asterisks, in any column."""
    plain = word.strip("*")
    within = word == f"*{plain}*"
    if "*" in plain or not (within or word == plain):
        raise NotModelledError(f"KQL: search for {word!r}")
    columns = [name for name, kind in shape.items() if kind in _SEARCHED]
    operator = "contains" if within else "has"
    return f"({' or '.join(f'tostring({name}) {operator} {plain!r}' for name in columns)})"
