"""The row says who called: the consumer's subscription and the client's address."""

from __future__ import annotations

from queries.check.evidence import Call, Evidence, text
from queries.check.proofs.base import Proof, Verdict, each_call, failed, no_row, seen
from queries.check.proofs.bodies import TABLE
from queries.check.proofs.prompt import PROOF as PROMPT
from queries.check.workspace import Row


def _judge(evidence: Evidence, call: Call) -> Verdict:
    rows = evidence.linked("gateway", call)
    if not rows:
        return no_row(evidence, "gateway", TABLE)
    verdicts = [_row(row, evidence.target.consumer, evidence.caller_ip) for row in rows]
    return next((v for v in verdicts if v.status == "seen"), verdicts[0])


def _row(row: Row, consumer: str, address: str) -> Verdict:
    name, ip = text(row, "ApimSubscriptionId"), text(row, "CallerIpAddress")
    if not name or (consumer and name.lower() != consumer.lower()):
        return failed(
            f"ApimSubscriptionId is {name or 'empty'}" + (f", not {consumer}" if consumer else ""),
            "the API must require a subscription, and the key be the consumer's own "
            "(portal: API > Settings > Subscription required)",
        )
    if not ip:
        return failed(
            "CallerIpAddress is empty",
            "log the client's address (portal: API > Settings > Azure Monitor > Log client IP)",
        )
    if address and ip != address:
        return failed(
            f"CallerIpAddress is {ip}, not {address}",
            "a proxy or NAT stands between the caller and the gateway: give --caller-ip its "
            "public address",
        )
    return seen(f"{name} from {ip}")


PROOF = Proof(
    id="caller",
    shows="the row names the consumer and its address",
    needs=("gateway", "llm"),
    judge=each_call(_judge),
    fix=PROMPT.fix,
)
