"""No row holds a caller's key or a bearer token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from queries.check.evidence import BODIES, TABLES, Evidence, Source
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    NO_CALL,
    Proof,
    Verdict,
    failed,
    no_row,
    seen,
    waiting,
)
from queries.check.records import Call
from queries.workspace import NO_TABLE, Row

TOKEN = re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}|Bearer\s+ey[\w-]{8,}", re.IGNORECASE)
"""A JSON Web Token as it is sent: https://www.rfc-editor.org/rfc/rfc7519#section-3.1"""
CONTENT = {*BODIES, "RequestMessages", "ResponseMessages"}
MASK_FIX = (
    "log no headers, and mask Authorization, api-key and subscription-key (portal: API > Settings "
    "> Azure Monitor > Advanced options); pulumi up --refresh puts the API's diagnostic back. "
    "Rotate what was logged: the rows cannot be unread"
)


def _judge(evidence: Evidence) -> Verdict:
    if not evidence.calls:
        return waiting(NO_CALL)
    rows = {source: evidence.of(source) for source in TABLES}
    missing = _unread(evidence) or _awaited(evidence, rows)
    if not missing or evidence.changed == evidence.now:
        evidence.leaks |= _secrets(evidence, rows)
    if evidence.leaks:
        return failed("; ".join(sorted(evidence.leaks)), MASK_FIX)
    if missing:
        return missing
    count = sum(map(len, rows.values()))
    return seen(f"neither a key nor a token in any column of {count} rows")


def _secrets(evidence: Evidence, rows: dict[Source, list[Row]]) -> set[str]:
    """Where secrets stand; what others wrote in their prompts is their own affair."""
    keys, others = _keys(evidence), not evidence.first()
    return {
        f"{TABLES[source]}.{column} holds {what}"
        for source, table_rows in rows.items()
        for row in table_rows
        for column, value in row.items()
        if not (others and column in CONTENT) and (what := secret_in(value, keys))
    }


def secret_in(value: object, keys: Iterable[str]) -> str:
    """What kind of secret a column holds; "" for none."""
    if not isinstance(value, (str, dict, list)):
        return ""
    said = value if isinstance(value, str) else json.dumps(value)
    if any(key in said for key in keys):
        return "the caller's key"
    return "a bearer token" if TOKEN.search(said) else ""


def _keys(evidence: Evidence) -> list[str]:
    wrong = [attempt.key for attempt in evidence.attempts]
    return [value for key in (evidence.target.key, *wrong) if (value := key.get_secret_value())]


def _awaited(evidence: Evidence, rows: dict[Source, list[Row]]) -> Verdict | None:
    """Silence counts once one round's rows have come: of the gateway, and of the LLM log."""
    rounds: dict[int, list[Call]] = {}
    for call in evidence.calls:
        rounds.setdefault(call.round, []).append(call)
    wanted: list[Source] = ["gateway-whole"]
    if evidence.target.llm_logging:
        wanted.append("llm-whole")
    for source in wanted:
        ids = {row.get("CorrelationId") for row in rows[source]}
        came = [
            all(evidence.correlations(call) & ids for call in calls if _in(source, call))
            for calls in rounds.values()
        ]
        if not any(came):
            return no_row(evidence, source, TABLES[source])
    return None


def _unread(evidence: Evidence) -> Verdict | None:
    """A table that there is must have been read at the last look."""
    for source, table in TABLES.items():
        reason = evidence.waiting.get(source, NO_TABLE)
        if reason != NO_TABLE:
            return waiting(f"{table} cannot be read now ({reason})")
    return None


def _in(source: Source, call: Call) -> bool:
    return source == "gateway-whole" or call.is_chat


NO_SECRETS = Proof(
    id="no-secrets",
    about="no column of any row holds the caller's key or a bearer token",
    needs=("gateway", "llm", *TABLES),
    judge=_judge,
    fix=GATEWAY_LOG_FIX,
)
