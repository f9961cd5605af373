"""Calls that others made in the last 24 hours, read from the gateway's log (`--no-traffic`)."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime

from queries.check.evidence import OK, Evidence
from queries.check.fields import CHARACTER, LEFT, logged_part, model_in, text
from queries.check.kinds import OF_MODEL, V1
from queries.check.proofs.llm import objects, usage_in, usage_in_header
from queries.check.records import CallOfOthers, Side
from queries.workspace import Row

NEWEST = 5
"""Calls of each deployment and kind, and as many over the body limit, that are looked at.

Rows of the newest may be under way.
"""
HEADERS = 8 * 1024
"""Bytes by which the logged size may pass the body's, as headers may count."""
_DEPLOYMENT = re.compile(r"/deployments/([^/?]+)/(chat/completions|completions|embeddings)")
_V1 = re.compile(r"/v1/(chat/completions|completions|embeddings|responses)(?:\?|$)")
_PLAIN = {kinds[0] for kinds in OF_MODEL.values()}


def calls(evidence: Evidence) -> tuple[CallOfOthers, ...]:
    """Return the newest answered calls; what their bodies do not tell stays unknown."""
    answered = [
        row
        for row in evidence.of_api
        if row.get("ResponseCode") == OK and not text(row, "LastErrorReason").startswith(LEFT)
    ]
    found = [call for number, row in enumerate(answered) if (call := _call(evidence, row, number))]
    kept: dict[tuple[str, ...], list[CallOfOthers]] = {}
    for call in sorted(found, key=lambda call: call.started, reverse=True):
        kept.setdefault((call.deployment, call.kind, *call.cut), []).append(call)
    newest = [call for alike in kept.values() for call in alike[:NEWEST]]
    return tuple(sorted(newest, key=lambda call: call.started, reverse=True))


def _call(evidence: Evidence, row: Row, number: int) -> CallOfOthers | None:
    (deployment, kind), time = _target(evidence, row), row.get("TimeGenerated")
    if not deployment or not isinstance(time, datetime):
        return None
    body, response_id = text(row, "ResponseBody"), ""
    with suppress(ValueError, TypeError, AttributeError):
        response_id = next((str(one["id"]) for one in objects(body) if one.get("id")), "")
    return CallOfOthers(
        deployment=deployment,
        label=deployment if kind in _PLAIN else f"{deployment} ({kind})",
        kind=kind,
        started=time,
        ended=time + evidence.target.longest_wait,
        round=number,
        response_id=response_id,
        usage=usage_in(body) or usage_in_header(row),
        correlation=text(row, "CorrelationId"),
        cut=_cut(evidence, row),
    )


def _cut(evidence: Evidence, row: Row) -> tuple[Side, ...]:
    """Return the bodies of a call that are longer than what the log holds of them."""
    limit = evidence.target.body_bytes
    logged: dict[Side, bool] = {"Request": True, "Response": evidence.target.response_bodies}
    return tuple(
        side
        for side in logged
        if (_is_cut(row, side, limit) if logged[side] else _is_long(row, side, limit))
    )


def _is_cut(row: Row, side: Side, limit: int) -> bool:
    """Tell whether a body is a start of JSON or of a stream, whose end was sent.

    A shorter one whose size is not larger either is that of a call broken off.
    https://learn.microsoft.com/azure/ai-foundry/openai/reference#chatcompletionstreamoptions
    """
    size = len(logged_part(row, f"{side}Body"))
    if size < limit - CHARACTER and int(row.get(f"{side}Size") or 0) <= size + HEADERS:
        return False
    body = text(row, f"{side}Body")
    if body.startswith("data:"):
        return "data: [DONE]" not in body
    with suppress(ValueError):
        json.loads(body)
        return False
    return body.startswith("{")


def _is_long(row: Row, side: Side, limit: int) -> bool:
    """Tell whether a body might be cut if it were logged; headers may count in its size."""
    return int(row.get(f"{side}Size") or 0) > limit


def _target(evidence: Evidence, row: Row) -> tuple[str, str]:
    """Return deployment and kind of a call; "" if it calls none, or one that no log tells."""
    url = text(row, "Url")
    if match := _DEPLOYMENT.search(url):
        return match[1], match[2].partition("/")[0]
    match = _V1.search(url)
    if not match:
        return "", ""
    kind = "responses" if match[1] == "responses" else V1 + match[1]
    return _model(text(row, "RequestBody")) or _logged(evidence, row), kind


def _model(body: str) -> str:
    """Return the deployment that a request of the v1 surface names, from a body that may be cut.

    https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
    """
    with suppress(ValueError):
        value = json.loads(body)
        return str(value.get("model") or "") if isinstance(value, dict) else ""
    return model_in(body)


def _logged(evidence: Evidence, row: Row) -> str:
    """Return what the LLM log says, where no body is logged."""
    known = (
        text(entry, "DeploymentName")
        for entry in evidence.with_id("llm", text(row, "CorrelationId"))
    )
    return next(filter(None, known), "")
