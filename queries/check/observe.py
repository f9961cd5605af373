"""Calls that others made in the last 24 hours, read from the gateway's log (`--no-traffic`)."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime, timedelta

from queries.check.evidence import OK, Evidence, text
from queries.check.kinds import OF_MODEL, V1
from queries.check.proofs.llm import objects, usage_in
from queries.check.records import Call
from queries.workspace import Row

WINDOW = timedelta(hours=24)
NEWEST = 5
"""Calls of each deployment and kind that are looked at: rows of the newest may be under way."""
LONGEST_CALL = timedelta(minutes=4)
"""Covers nearly every call; the gateway itself waits 300 s for the model."""
_DEPLOYMENT = re.compile(r"/deployments/([^/?]+)/(chat/completions|completions|embeddings)")
_V1 = re.compile(r"/v1/(chat/completions|completions|embeddings|responses)(?:\?|$)")
_MODEL = re.compile(r'"model"\s*:\s*"([^"\\]+)"')
_PLAIN = {kinds[0] for kinds in OF_MODEL.values()}


def calls(evidence: Evidence) -> list[Call]:
    """The newest answered calls; what their bodies do not tell stays unknown."""
    answered = [row for row in evidence.of_api() if row.get("ResponseCode") == OK]
    found = [call for number, row in enumerate(answered) if (call := _call(evidence, row, number))]
    kept: dict[tuple[str, str], list[Call]] = {}
    for call in sorted(found, key=lambda call: call.started, reverse=True):
        kept.setdefault((call.deployment, call.kind), []).append(call)
    newest = [call for alike in kept.values() for call in alike[:NEWEST]]
    return sorted(newest, key=lambda call: call.started, reverse=True)


def _call(evidence: Evidence, row: Row, number: int) -> Call | None:
    (deployment, kind), time = _target(evidence, row), row.get("TimeGenerated")
    if not deployment or not isinstance(time, datetime):
        return None
    body, response_id = text(row, "ResponseBody"), ""
    with suppress(ValueError, TypeError, AttributeError):
        response_id = next((str(one["id"]) for one in objects(body) if one.get("id")), "")
    return Call(
        deployment=deployment,
        label=deployment if kind in _PLAIN else f"{deployment} ({kind})",
        kind=kind,
        started=time,
        ended=time + LONGEST_CALL,
        round=number,
        response_id=response_id,
        usage=usage_in(body),
        correlation=text(row, "CorrelationId"),
    )


def _target(evidence: Evidence, row: Row) -> tuple[str, str]:
    """Deployment and kind of a call; "" if it calls none, or one that no log tells."""
    url = text(row, "Url")
    if match := _DEPLOYMENT.search(url):
        return match[1], match[2].partition("/")[0]
    match = _V1.search(url)
    if not match:
        return "", ""
    kind = "responses" if match[1] == "responses" else V1 + match[1]
    return _model(text(row, "RequestBody")) or _logged(evidence, row), kind


def _model(body: str) -> str:
    """The deployment that a request of the v1 surface names, from a body that may be cut.

    https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
    """
    with suppress(ValueError):
        value = json.loads(body)
        return str(value.get("model") or "") if isinstance(value, dict) else ""
    match = _MODEL.search(body)
    return match[1] if match else ""


def _logged(evidence: Evidence, row: Row) -> str:
    """What the LLM log says, where no body is logged."""
    known = (
        text(entry, "DeploymentName")
        for entry in evidence.of("llm")
        if text(entry, "CorrelationId") == text(row, "CorrelationId")
    )
    return next(filter(None, known), "")
