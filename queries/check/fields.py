"""What the columns of a row say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from queries.check.records import Answered
from queries.workspace import Row

SLACK = timedelta(seconds=6)
"""How far a row's time may lie outside its call: two clocks, one of them read in whole seconds."""
LAG = timedelta(minutes=1)
"""How far the time of an account's row may lie after its request's end.

In a public row it is 2.85 s, and no page gives a bound.
https://github.com/elastic/integrations/blob/main/packages/azure_openai/data_stream/logs/_dev/test/pipeline/test-open-ai-request-response.log
"""
LEFT = "ClientConnection"
"""How the last error's reason begins where the caller left while the answer came.

https://learn.microsoft.com/rest/api/apimanagement/backend/create-or-update#circuitbreakerfailurecondition
https://stackoverflow.com/questions/58006974
"""
BODIES = ("RequestBody", "BackendRequestBody", "BackendResponseBody", "ResponseBody")
MODEL = r'"model"\s*:\s*"([^"\\]+)"'
"""How a body names its model or deployment, as a regular expression."""
CHARACTER = 4
"""Most bytes of one character, by which a cut may fall short of the limit."""
_MODEL = re.compile(MODEL)
_NAMED = re.compile(r"/responses/resp_\w+(/|\?|$)")

ENTRY_LIMIT = 32 * 1024
"""Bytes of one gateway log entry, beyond which all its bodies are dropped.

https://learn.microsoft.com/azure/api-management/api-management-howto-use-azure-monitor
"""
ENVELOPE = 2 * 1024
"""Bytes that an entry's other columns take, roughly."""


def is_dropped(sizes: Iterable[int], limit: int) -> bool:
    """Tell whether an entry may pass `ENTRY_LIMIT`; each body is logged twice, up to a limit."""
    return 2 * sum(min(size, limit) for size in sizes) + ENVELOPE > ENTRY_LIMIT


def within(row: Row, call: Answered, after: timedelta = SLACK) -> bool:
    """Tell whether the row's time lies in the call's, or so far after it."""
    time = row.get("TimeGenerated")
    return isinstance(time, datetime) and call.started - SLACK <= time <= call.ended + after


def text(row: Row, column: str) -> str:
    """Return a column as text, "" for null."""
    value = row.get(column)
    return "" if value is None else str(value)


def names_response(row: Row) -> bool:
    """Tell whether a call names a response that is there already: it makes none, and is free."""
    return bool(_NAMED.search(text(row, "Url")))


def model_in(body: str) -> str:
    """Return the model that a body names, which may be cut; "" for none."""
    found = _MODEL.search(body)
    return found[1] if found else ""


def held(row: Row, column: str) -> str:
    """Return a message's text; an entry without one holds nothing or an empty list."""
    value = text(row, column)
    return value if value.strip("[] ") not in {"", "null"} else ""


def logged_part(row: Row, column: str) -> bytes:
    """Return a body, without what is left of a character that was cut."""
    return text(row, column).rstrip("\ufffd").encode()


def ids(rows: list[Row]) -> list[tuple[str, str]]:
    """Return the columns that tell rows apart."""
    return sorted((text(row, "CorrelationId"), text(row, "SequenceNumber")) for row in rows)
