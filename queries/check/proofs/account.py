"""The account's own log has the request that the gateway sent on."""

from __future__ import annotations

from queries.check.evidence import Call, Evidence, text, within
from queries.check.proofs.base import Proof, Verdict, each_call, no_row, seen

TABLE = "AzureDiagnostics"


def _judge(evidence: Evidence, call: Call) -> Verdict:
    """By the account's request id if a row has it, else by deployment, result and time.

    The row holds neither content nor tokens, and no public page says which id it shares with the
    response; so a second caller of that deployment in those seconds could stand in for the call.
    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/monitor-openai
    """
    rows = evidence.of("account")
    if any(text(row, "CorrelationId") in call.account_ids for row in rows):
        return seen("by request id")
    alike = [
        row
        for row in rows
        if within(row, call)
        and text(row, "ResultSignature") == "200"
        and text(row, "Deployment").lower() == call.deployment.lower()
    ]
    if alike:
        return seen("by deployment and time")
    return no_row(evidence, "account", TABLE)


PROOF = Proof(
    id="account",
    shows="the account logged the request itself",
    needs=("account",),
    judge=each_call(_judge),
    fix="the account's rows do not arrive: its diagnostic setting must send RequestResponse (or "
    "allLogs) to this workspace (portal: Azure OpenAI > Diagnostic settings)",
)
