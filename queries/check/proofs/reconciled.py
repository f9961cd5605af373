"""The account's own counts of calls and tokens are those of the calls that the gateway logged."""

from __future__ import annotations

from collections.abc import Sequence

from queries.check.evidence import Evidence
from queries.check.expected.account import CATEGORY, INNER, unfolded
from queries.check.fields import text, within
from queries.check.proofs.base import (
    NO_CALL,
    Proof,
    Verdict,
    by_traffic,
    failed,
    seen,
    skipped,
    waiting,
)
from queries.check.records import OwnCall
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.workspace import Row

PROMPT, GENERATED = "ProcessedPromptTokens", "GeneratedTokens"
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics"""
COPY_FIX = (
    "the gateway sends calls more than once: look for send-request, send-one-way-request and retry "
    "in policies of every scope; pulumi up --refresh puts the stack's own policy back"
)
MORE_FIX = (
    "the account served calls that no log has: look for keys, role assignments and other APIs that "
    "reach it, and run bypass.kql"
)


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if not traffic.calls:
        return waiting(NO_CALL)
    extra = [row for row in _requests(evidence) if not _is_ours(evidence, row)]
    if copies := _copies(evidence, traffic, extra):
        return copies
    return _tokens(evidence, traffic, len(extra))


def _requests(evidence: Evidence) -> list[Row]:
    """Return the account's rows of answered calls of a deployment, each once."""
    found = {}
    for row in map(unfolded, evidence.of("diagnostics-whole")):
        answered = text(row, "Category") == CATEGORY and text(row, "ResultSignature") == "200"
        if answered and text(row, f"{INNER}.modelDeploymentName"):
            found[text(row, "CorrelationId") or str(row.get("TimeGenerated"))] = row
    return list(found.values())


def _is_ours(evidence: Evidence, row: Row) -> bool:
    ours = evidence.once(
        "account ids", lambda: {one for call in evidence.calls for one in call.account_ids}
    )
    return text(row, "CorrelationId") in ours


def _copies(evidence: Evidence, traffic: OwnTraffic, extra: list[Row]) -> Verdict | None:
    """Tell requests of the account that look like our calls, beside our calls' own rows.

    Judged only where rows are known by the id that the caller was told: no page says so.
    """
    if all(not _is_ours(evidence, row) for row in _requests(evidence)):
        return None
    found = [row for row in extra if any(_like(row, call) for call in traffic.calls)]
    ours = evidence.all_correlations
    others = {
        text(row, "CorrelationId")
        for row in evidence.of("gateway")
        if text(row, "CorrelationId") not in ours
        and any(within(row, call) for call in traffic.calls)
        and row.get("ResponseCode") == 200  # noqa: PLR2004
    }
    count = len(found) - len(others)
    if count <= 0:
        return None
    said = f"the account answered {count} calls more like these than the gateway was sent"
    if _is_recent(evidence, traffic):
        return waiting(f"{said}: rows of others may still come")
    return failed(said, COPY_FIX)


def _like(row: Row, call: OwnCall) -> bool:
    """Tell whether a row tells of a request like a call: its deployment, length and time."""
    return (
        text(row, f"{INNER}.modelDeploymentName").lower() == call.deployment.lower()
        and row.get(f"{INNER}.requestLength") == len(call.forwarded)
        and within(row, call)
    )


def _tokens(evidence: Evidence, traffic: OwnTraffic, others: int) -> Verdict:
    totals = {
        text(row, "MetricName"): float(row.get("Total") or 0)
        for row in evidence.of("account-minutes")
    }
    wanted = _told(traffic.calls)
    newest = _told([call for call in traffic.calls if call.round == traffic.calls[-1].round])
    counted = ", ".join(f"{totals.get(name, 0):.0f} {name}" for name in wanted)
    told = ", ".join(f"{count} {name}" for name, count in wanted.items())
    if any(totals.get(name, 0) < count for name, count in newest.items()):
        reason = evidence.rows.silent.get("account-minutes") or f"{counted}, of {told}"
        return waiting(f"not all in AzureMetrics yet ({reason})")
    over = any(totals[name] > count for name, count in wanted.items())
    if not over or others:
        return _explained(totals, wanted, newest, others)
    said = f"the account counts {counted}, callers of the gateway were told {told}"
    if _is_recent(evidence, traffic):
        return waiting(f"{said}: rows of others may still come")
    return failed(said, MORE_FIX)


def _explained(
    totals: dict[str, float], wanted: dict[str, int], newest: dict[str, int], others: int
) -> Verdict:
    """Tell whose tokens were counted: these calls' alone, the later ones', or others' too."""
    counted = ", ".join(f"{totals[name]:.0f} {name}" for name in wanted)
    told = ", ".join(f"{count} {name}" for name, count in wanted.items())
    if all(totals[name] == count for name, count in wanted.items()):
        return seen(f"{counted}: as callers were told")
    if any(totals[name] > count for name, count in wanted.items()):
        return seen(f"{counted}, of which {told} are these calls'; {others} requests are others'")
    if newest == wanted:
        return waiting(f"not all in AzureMetrics yet ({counted}, of {told})")
    return seen(f"{counted}, of {told}: the first were made before the setting acted")


def _told(calls: Sequence[OwnCall]) -> dict[str, int]:
    """Return the tokens that the callers of some calls were told, by the counting metric."""
    usages = [call.usage for call in calls if call.usage]
    return {
        PROMPT: sum(usage.prompt for usage in usages),
        GENERATED: sum(usage.completion for usage in usages),
    }


def _is_recent(evidence: Evidence, traffic: OwnTraffic) -> bool:
    ended = max(call.ended for call in traffic.calls)
    return evidence.now is None or evidence.now < ended + evidence.settle


def _of_others(_: Evidence, __: OthersTraffic) -> Verdict:
    return skipped(
        "nobody here knows what others were told", "run without --no-traffic to have it judged"
    )


RECONCILED = Proof(
    id="reconciled",
    about="the account's own rows and metrics count these calls and their tokens, each once",
    needs=("account", "diagnostics-whole", "account-minutes", "gateway", "llm"),
    judge=by_traffic(_own, _of_others),
    fix="the account's metrics of tokens do not arrive: its diagnostic setting must send "
    "AllMetrics to this workspace (portal: Azure OpenAI > Diagnostic settings)",
)
