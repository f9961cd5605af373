"""How tests read a report, and how they spoil rows."""

from __future__ import annotations

from typing import Any

from queries.check.report import Report
from tests.check.stack import Row

LOGS, LLM, DIAGNOSTICS = (
    "ApiManagementGatewayLogs",
    "ApiManagementGatewayLlmLog",
    "AzureDiagnostics",
)
FULL = ["call", "prompt", "completion", "caller", "consumers", "operation", "tokens", "messages"]
FULL.insert(FULL.index("messages"), "careless")
FULL += ["whole", "long", "streams"]
"""Proofs of calls with `capture: full`, in their order."""
PLAIN = ["call", "caller", "consumers", "operation", "tokens", "careless", "whole", "streams"]
"""Those of them with `capture: metadata`."""
ALWAYS = ["refused", "error", "no-secrets"]
LOG_PROOFS = {"prompt", "completion", "caller", "consumers", "operation", "whole", "refused"}
LOG_PROOFS |= {"careless", "error", "no-secrets"}
"""Proofs that wait for the gateway's log."""
BODIES = ("RequestBody", "BackendRequestBody", "ResponseBody", "BackendResponseBody")
DEPLOYED = ["audit", "declared", "drift", "routes", "access"]
"""Proofs by the deployed configuration."""
OTHERS = ["account", *DEPLOYED, "gateway-metrics", "account-metrics", "reconciled", "queries"]


def ends(report: Report) -> dict[str, str]:
    return {line.id: line.status for line in report.proofs}


def of(report: Report, proof: str) -> tuple[str, str, str]:
    line = next(line for line in report.proofs if line.id == proof)
    return line.status, line.detail, line.fix


def without(**columns: Any) -> Any:
    return lambda row: {**row, **columns}


def says(column: str, text: str) -> Any:
    """Another message than was sent, in its first chunk."""
    return lambda row: row | {column: text if row[column].startswith("[{") else ""}


def lost(_: Row) -> None:
    return None


NO_BODIES = without(**dict.fromkeys(BODIES, ""))


def unknown_id(row: Row) -> Row:
    """Another id than the response told, though one of its own."""
    return row | {"CorrelationId": f"other-{row['CorrelationId']}"}
