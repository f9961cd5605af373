"""Looks at the workspace until every proof is decided or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from queries.check import observe
from queries.check.clock import Clock
from queries.check.evidence import Evidence, Source
from queries.check.kql import render
from queries.check.proofs.base import Proof, Verdict
from queries.check.workspace import NotYetError, Workspace

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.5, 5.0, 1.5
"""Seconds between two looks: 4 queries each, far below 200 in 30 s.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""
LONGEST_CALL = timedelta(minutes=6)
"""The 300 s for which the gateway waits for the model, and the minute of a metric's row.

https://learn.microsoft.com/azure/api-management/forward-request-policy
"""
GRACE = 30.0
"""Seconds for which the other proofs are still looked for once one has failed."""
Verdicts = dict[str, Verdict]


@dataclass(kw_only=True)
class Watch:
    """One run's looking; `verdicts` is what is known at any moment, also after an interrupt."""

    proofs: list[Proof]
    workspace: Workspace
    clock: Clock
    deadline: float
    show: Callable[[Verdicts], None]
    traffic: bool = True
    verdicts: Verdicts = field(default_factory=dict)

    def run(self, evidence: Evidence) -> None:
        """Look, judge and show, at most `LONGEST_PAUSE` apart."""
        pause, failed_at = FIRST_PAUSE, float("inf")
        while True:
            self._look(evidence)
            self.verdicts = {proof.id: proof.judge(evidence) for proof in self.proofs}
            self.show(self.verdicts)
            now = self.clock.elapsed()
            statuses = {verdict.status for verdict in self.verdicts.values()}
            if "failed" in statuses:
                failed_at = min(failed_at, now)
            none_to_find = self.traffic and not evidence.calls
            end = min(self.deadline, failed_at + GRACE)
            if "waiting" not in statuses or none_to_find or now >= end:
                return
            self.clock.sleep(min(pause, end - now))
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def _look(self, evidence: Evidence) -> None:
        """Ask for the rows of every proof that is not seen, and of the links between logs."""
        open_proofs = [proof for proof in self.proofs if not self._seen(proof.id)]
        wanted = {source for proof in open_proofs for source in proof.needs}
        if self.traffic and not evidence.calls:
            return
        evidence.now = self.clock.now()
        for source, ask in QUESTIONS.items():
            if source in wanted:
                self._ask(evidence, source, ask(evidence))
            if source == "gateway" and not self.traffic:
                evidence.calls = observe.calls(evidence)

    def _ask(self, evidence: Evidence, source: Source, kql: str) -> None:
        try:
            rows = self.workspace.query(kql)
        except NotYetError as reason:
            evidence.waiting[source] = str(reason)
            return
        evidence.waiting.pop(source, None)
        if len(rows) != len(evidence.of(source)):
            evidence.changed = evidence.now
        evidence.rows[source] = rows

    def _seen(self, proof_id: str) -> bool:
        return proof_id in self.verdicts and self.verdicts[proof_id].status == "seen"


def _gateway(evidence: Evidence) -> str:
    return render(
        "gateway-calls",
        since=evidence.since,
        until=evidence.until,
        api=evidence.target.api_id,
        marker=evidence.marker,
        correlations=",".join(sorted(evidence.all_correlations())),
    )


def _llm(evidence: Evidence) -> str:
    return render(
        "llm-calls",
        since=evidence.since,
        until=evidence.until,
        marker=evidence.marker,
        requests=",".join(call.response_id for call in evidence.calls),
        correlations=",".join(sorted(evidence.all_correlations())),
    )


def _account(evidence: Evidence) -> str:
    return render(
        "account-calls",
        since=evidence.since,
        until=evidence.until,
        account=evidence.target.account_id,
    )


def _metrics(evidence: Evidence, resource: str) -> str:
    """Up to when a call that began in the logs' window, ours or another's, must have ended."""
    until = evidence.until + LONGEST_CALL
    return render("metrics", since=evidence.since, until=until, resource=resource)


QUESTIONS: dict[Source, Callable[[Evidence], str]] = {
    "gateway": _gateway,
    "llm": _llm,
    "account": _account,
    "gateway-metrics": lambda evidence: _metrics(evidence, evidence.target.gateway_id),
    "account-metrics": lambda evidence: _metrics(evidence, evidence.target.account_id),
}
"""How each source is asked; the gateway first, as its ids find rows of the LLM log."""
