"""No row holds a caller's key or a bearer token."""

from __future__ import annotations

from queries.check.evidence import Evidence
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
from queries.check.rows import DIAGNOSTICS, TABLES, Source
from queries.check.traffic import by_round
from queries.check.words import counted
from queries.workspace import NO_TABLE

MASK_FIX = (
    "log no headers, and mask Authorization, api-key and subscription-key (portal: API > Settings "
    "> Azure Monitor > Advanced options); pulumi up --refresh puts the API's diagnostic back. "
    "Rotate every key and token that was logged: somebody may have read it"
)


def _judge(evidence: Evidence) -> Verdict:
    if not evidence.calls:
        return waiting(NO_CALL)
    if evidence.rows.leaks:
        return failed("; ".join(sorted(evidence.rows.leaks)), MASK_FIX)
    if missing := _unread(evidence) or _awaited(evidence):
        return missing
    count = sum(len(evidence.of(source)) for source in TABLES)
    return seen(f"neither a key nor a token in any column of {counted(count, 'row')}")


def _awaited(evidence: Evidence) -> Verdict | None:
    """Wait until the rows of one round have come: of the gateway, and of the LLM log.

    Of the account's log some must have, as soon as another query has found any.
    """
    wanted: list[Source] = ["gateway-whole"]
    if evidence.target.llm_logging:
        wanted.append("llm-whole")
    for source in wanted:
        ids = {row.get("CorrelationId") for row in evidence.of(source)}
        came = [
            all(evidence.correlations(call) & ids for call in calls if _in(source, call))
            for calls in by_round(evidence.calls)
        ]
        if not any(came):
            return no_row(evidence, source, TABLES[source])
    if evidence.of("account") and not evidence.of("diagnostics-whole"):
        return no_row(evidence, "diagnostics-whole", DIAGNOSTICS)
    return None


def _unread(evidence: Evidence) -> Verdict | None:
    """Wait for a table that exists and could not be read at the last look."""
    for source, table in TABLES.items():
        reason = evidence.rows.silent.get(source, NO_TABLE)
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
