"""Answers in part: what the service left out, told from what was never there.

A table that a `union isfuzzy=true` names and the workspace does not have is a warning, and an
answer with warnings comes as one in part, though it has every row that there is.
https://learn.microsoft.com/kusto/query/union-operator
https://github.com/Azure/azure-sdk-for-python/issues/25137 (what the warnings look like)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SEMANTIC = "-2133196790"
"""The engine's code of what cannot be resolved; outside of a fuzzy union that is an error 400."""
_TABLE = re.compile(r"Failed to resolve table or column expression named '([^']+)'")
_FOLLOWS = re.compile(
    r"Operator source expression should be table or column"
    r"|Internal error while analyzing \w+ operator\.|let statement '\w+' could not be analyzed"
)
"""What the engine says beside it of the operators that stand on such a table."""
_UNION = re.compile(r"union isfuzzy=true\b(.*?)(?:;\s*$|\Z)", re.MULTILINE | re.DOTALL)


_CUT = re.compile(r"RESULT_SET_TOO_LARGE|exceed\w* the (set|internal)[\w ]* limit", re.IGNORECASE)
"""What the engine says where an answer has more rows or bytes than it gives.

https://learn.microsoft.com/kusto/concepts/query-limits#limit-on-result-set-size-result-truncation
"""


def is_cut(error: Any) -> bool:
    """Tell whether an answer is in part because of its size, so that half of it would be whole."""
    said = (getattr(error, name, "") for name in ("code", "message", "details"))
    return _CUT.search(" ".join(map(str, said))) is not None


def is_whole(details: Any, kql: str) -> bool:
    """Tell whether what was left out are only fuzzy unions' tables that the workspace lacks.

    `details` are those of the answer's error. A column that cannot be resolved leaves out rows, so
    it counts against, and so does whatever is not understood.
    """
    messages = [*_warnings(details)]
    missing = [found[1] for text in messages if (found := _TABLE.search(text))]
    follow = [text for text in messages if _FOLLOWS.fullmatch(text)]
    fuzzy = " ".join(_UNION.findall(kql))
    named = all(re.search(rf"\b{re.escape(table)}\b", fuzzy) for table in missing)
    return bool(missing) and len(missing) + len(follow) == len(messages) and named


def _warnings(details: Any) -> Iterator[str]:
    """Yield the text of each detail; empty for one that warns of nothing unresolved."""
    for detail in details if isinstance(details, list) else [None]:
        inner = detail.get("innererror") if isinstance(detail, Mapping) else None
        found = inner if isinstance(inner, Mapping) else {}
        warning = (found.get("code"), found.get("severityName")) == (SEMANTIC, "Warning")
        yield str(found.get("message")) if warning else ""
