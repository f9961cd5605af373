"""Calls that others made in the last 24 hours, read from the gateway's log (`--no-traffic`)."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta

from queries.check.evidence import OK, Evidence, text
from queries.check.proofs.llm import objects, usage_in
from queries.check.records import Call
from queries.check.workspace import Row

WINDOW = timedelta(hours=24)
NEWEST = 20
LONGEST_CALL = timedelta(minutes=4)
"""Covers nearly every call; the gateway itself waits 300 s for the model."""
_DEPLOYMENT = re.compile(r"/deployments/([^/?]+)/(chat/completions|completions|embeddings)")


def calls(evidence: Evidence) -> list[Call]:
    """The newest answered calls; what their bodies do not tell stays unknown."""
    answered = [row for row in evidence.of_api() if row.get("ResponseCode") == OK]
    found = [call for number, row in enumerate(answered) if (call := _call(row, number))]
    return sorted(found, key=lambda call: call.started, reverse=True)[:NEWEST]


def _call(row: Row, number: int) -> Call | None:
    match, time = _DEPLOYMENT.search(text(row, "Url")), row.get("TimeGenerated")
    if not match or not isinstance(time, datetime):
        return None
    body, response_id = text(row, "ResponseBody"), ""
    with suppress(ValueError, TypeError, AttributeError):
        response_id = next((str(one["id"]) for one in objects(body) if one.get("id")), "")
    return Call(
        deployment=match[1],
        kind=match[2].partition("/")[0],
        started=time,
        ended=time + LONGEST_CALL,
        round=number,
        response_id=response_id,
        usage=usage_in(body),
        correlation=text(row, "CorrelationId"),
    )
