"""The same text in two bodies of a call's row: shared by the proofs of prompt and completion."""

from __future__ import annotations

from queries.check.evidence import BODIES, Call, Evidence, text
from queries.check.proofs.base import Verdict, failed, no_row, seen
from queries.check.workspace import Row

TABLE = "ApiManagementGatewayLogs"
ENTRY_LIMIT = 32 * 1024
"""Bytes of one gateway log entry, beyond which all its bodies are dropped.

https://learn.microsoft.com/azure/api-management/api-management-howto-use-azure-monitor
"""
ENVELOPE = 2 * 1024
"""Bytes that an entry's other columns take, roughly."""
LOGGING_FIX = (
    "set capture: full and bodyBytes in the stack file, then pulumi up; in the portal: API > "
    "Settings > Azure Monitor > Override global > Number of payload bytes to log"
)


def judge_bodies(
    evidence: Evidence, call: Call, columns: tuple[str, str], raw: bytes, wanted: str
) -> Verdict:
    """Both columns hold `wanted`, or as much of `raw` as the gateway may log."""
    rows = evidence.linked("gateway", call)
    if not rows:
        return no_row(evidence, "gateway", TABLE)
    needle = _needle(raw, wanted, evidence.target.body_bytes)
    short = [_lacking(row, columns, needle) for row in rows]
    if [] in short:
        what = wanted if needle == wanted else "the text's start"
        return seen(f"{what or 'text'} in {' and '.join(columns)}")
    if all(_empty(row) for row in rows):
        return _no_bodies(rows[0], evidence.target.body_bytes)
    names = " and ".join(short[0])
    empty = all(not text(rows[0], column) for column in short[0])
    return failed(f"{names} {'is empty' if empty else 'holds other text'}", LOGGING_FIX)


def _needle(raw: bytes, wanted: str, limit: int) -> str:
    """`wanted` if it lies in the logged part of `raw`, else that part's start."""
    logged = raw[:limit].decode(errors="ignore")
    return wanted if not raw or (wanted and wanted in logged) else logged[:64]


def _lacking(row: Row, columns: tuple[str, str], needle: str) -> list[str]:
    return [name for name in columns if not text(row, name) or needle not in text(row, name)]


def _empty(row: Row) -> bool:
    return not any(text(row, column) for column in BODIES)


def _no_bodies(row: Row, limit: int) -> Verdict:
    sizes = [int(row.get(name) or 0) for name in ("RequestSize", "ResponseSize")]
    if 2 * sum(min(size, limit) for size in sizes) + ENVELOPE > ENTRY_LIMIT:
        return failed(
            "the entry passed 32 KB, so Azure dropped all its bodies",
            "lower bodyBytes (four bodies share 32 KB); llmLogging keeps whole messages",
        )
    return failed("the row came without any body: the API's diagnostic logs 0 bytes", LOGGING_FIX)
