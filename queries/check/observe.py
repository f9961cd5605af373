"""Calls that others made in the last 24 hours, read from the gateway's log (`--no-traffic`)."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

from queries.check.evidence import Call, Evidence, text
from queries.check.proofs.tokens import usage_in
from queries.check.workspace import Row

WINDOW = timedelta(hours=24)
NEWEST = 20
LONGEST_CALL = timedelta(minutes=4)
"""Covers nearly every call; the gateway itself waits 300 s for the model."""
_DEPLOYMENT = re.compile(r"/deployments/([^/?]+)/(chat/completions|completions|embeddings)")


def calls(evidence: Evidence) -> list[Call]:
    """The newest answered calls; what their bodies do not tell stays unknown."""
    found = [_call(row) for row in evidence.of("gateway") if row.get("ResponseCode") == 200]  # noqa: PLR2004
    newest = sorted((call for call in found if call), key=lambda call: call.started, reverse=True)
    return newest[:NEWEST]


def _call(row: Row) -> Call | None:
    match, time = _DEPLOYMENT.search(text(row, "Url")), row.get("TimeGenerated")
    if not match or not isinstance(time, datetime):
        return None
    body = text(row, "ResponseBody")
    return Call(
        deployment=match[1],
        kind=match[2].partition("/")[0],
        started=time,
        ended=time + LONGEST_CALL,
        response_id=_id(body),
        usage=usage_in(body),
        correlation=text(row, "CorrelationId"),
    )


def _id(body: str) -> str:
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        return ""
