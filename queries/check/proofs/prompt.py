"""The prompt stands in the gateway log."""

from __future__ import annotations

from queries.check.evidence import Call, Evidence
from queries.check.proofs.base import Proof, Verdict, each_call
from queries.check.proofs.bodies import judge_bodies


def _judge(evidence: Evidence, call: Call) -> Verdict:
    columns = ("RequestBody", "BackendRequestBody")
    return judge_bodies(evidence, call, columns, call.request, call.marker)


PROOF = Proof(
    id="prompt",
    shows="the prompt is in the gateway log",
    needs=("gateway", "llm"),
    judge=each_call(_judge),
    applies=lambda target: target.bodies,
    fix="the gateway's rows do not arrive: its diagnostic setting must send GatewayLogs to this "
    "workspace with resource-specific tables, the API's diagnostic must name the azuremonitor "
    "logger and sample 100 % (portal: API Management > Diagnostic settings)",
)
