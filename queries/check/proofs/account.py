"""The account's own log has a row of each call that the gateway sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from queries.check.evidence import Evidence
from queries.check.fields import text, within
from queries.check.proofs.base import Proof, Verdict, each_call, failed, no_row, seen, waiting
from queries.check.records import Call, OwnCall
from queries.check.rows import DIAGNOSTICS


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Calls of one round to one deployment, which only their number tells apart."""

    calls: Sequence[Call]
    rows: frozenset[str]
    """Ids of the account's rows of answered calls to that deployment at the time of one of them."""
    by_id: frozenset[str]
    """Request ids of these calls that a row has."""
    of_others: int
    """Other calls that the gateway logged at that time."""
    left: int
    """Those of them that are this run's own, beside those that are compared."""


def _account(evidence: Evidence, call: Call) -> Verdict:
    """Demand that the gateway sent the call to an account, and that this has a row of it."""
    serving = evidence.target.serving(call.deployment)
    wanted = {urlsplit(one.backend_url).hostname for one in serving}
    backends = {text(row, "BackendUrl") for row in evidence.linked("gateway", call)} - {""}
    if backends and not wanted & {urlsplit(url).hostname for url in backends}:
        return failed(
            f"the gateway sent the call to {min(backends).split('?')[0]}, not to "
            f"{'an account that has it' if serving[1:] else 'the account'}",
            "the API's policy names another backend: pulumi up --refresh puts it back",
        )
    return _account_row(evidence, call)


def _account_row(evidence: Evidence, call: Call) -> Verdict:
    """Judge by the account's request id if a row has it, else by deployment, result and time.

    The row holds neither content nor tokens, and no public page says which id it shares with the
    response; so there must be a row more than the gateway logged calls of others.
    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/monitor-openai
    """
    if any(evidence.with_id("account", one) for one in call.account_ids):
        return seen("by request id")
    alike = evidence.once(("account", call.deployment, call.round), lambda: _alike(evidence, call))
    ended = max(other.ended for other in alike.calls)
    recent = evidence.now is not None and evidence.now < ended + evidence.settle
    if alike.of_others > alike.left and isinstance(call, OwnCall) and recent:
        return waiting("others call too: the gateway's rows of their calls must arrive first")
    unknown = sum(not other.account_ids & alike.by_id for other in alike.calls)
    if len(alike.rows - alike.by_id) >= unknown + alike.of_others:
        return seen("by deployment and time")
    return no_row(evidence, "account", DIAGNOSTICS)


def _alike(evidence: Evidence, call: Call) -> Alike:
    ours = [
        other
        for other in evidence.calls
        if (other.deployment, other.round) == (call.deployment, call.round)
    ]
    rows = {
        text(row, "CorrelationId") or str(row["TimeGenerated"])
        for row in evidence.of("account")
        if text(row, "ResultSignature") == "200"
        and text(row, "Deployment").lower() == call.deployment.lower()
        and any(within(row, other) for other in ours)
    }
    ids = {one for other in ours for one in other.account_ids}
    near = {text(row, "CorrelationId") for other in ours for row in evidence.calls_like(other)}
    others = near - evidence.all_correlations
    return Alike(
        calls=ours,
        rows=frozenset(rows),
        by_id=frozenset(one for one in ids if evidence.with_id("account", one)),
        of_others=len(others),
        left=len(others & evidence.aside_ids),
    )


ACCOUNT = Proof(
    id="account",
    about="the account's own log has a row of each call",
    needs=("account",),
    judge=each_call(_account),
    fix="the account's rows do not arrive: its diagnostic setting must send RequestResponse (or "
    "allLogs) to this workspace (portal: Azure OpenAI > Diagnostic settings)",
)
