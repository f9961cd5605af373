"""The gateway's rows say who made the calls, and by which operation."""

from __future__ import annotations

from ipaddress import ip_address

from queries.check.evidence import Evidence
from queries.check.expected.gateway import normal, operation
from queries.check.fields import text
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    Proof,
    Verdict,
    any_of,
    each_call,
    failed,
    no_row,
    seen,
    waiting,
)
from queries.check.records import Call
from queries.check.rows import GATEWAY_LOG
from queries.workspace import Row


def _sampling(evidence: Evidence) -> Verdict:
    percentage = evidence.target.sampling_percentage
    return failed(
        f"samplingPercentage is {percentage:g}: the gateway logs only that share of the calls, so "
        "not every call is accounted for; nothing else was checked",
        "pulumi config set samplingPercentage 100, then pulumi up",
    )


def _caller(evidence: Evidence, call: Call) -> Verdict:
    rows = evidence.linked("gateway", call)
    if not rows:
        return _unknown(evidence, call)
    return any_of(_named(row, call.consumer, evidence.caller_ip) for row in rows)


def _unknown(evidence: Evidence, call: Call) -> Verdict:
    """Say that no row is known to be the call's: there is none, or several could be."""
    possible = {text(row, "CorrelationId") for row in evidence.calls_like(call)}
    if len(possible) > 1 and not evidence.target.bodies:
        return waiting(
            f"{len(possible)} calls in those seconds could be this one, as no content is logged: "
            "run the check while nobody else calls this deployment"
        )
    return no_row(evidence, "gateway", GATEWAY_LOG)


def _named(row: Row, consumer: str, address: str) -> Verdict:
    name, ip = text(row, "ApimSubscriptionId"), text(row, "CallerIpAddress")
    if not name or (consumer and name.lower() != consumer.lower()):
        return failed(
            f"ApimSubscriptionId is {name or 'empty'}" + (f", not {consumer}" if consumer else ""),
            "the API must require a subscription, and the key must be the consumer's own "
            "(portal: API > Settings > Subscription required)",
        )
    if not ip:
        return failed(
            "CallerIpAddress is empty",
            "log the client's address (portal: API > Settings > Azure Monitor > Log client IP)",
        )
    if address and _address(ip) != _address(address):
        return failed(
            f"CallerIpAddress is {ip}, not {address}",
            "a proxy or NAT stands between the caller and the gateway: give --caller-ip its "
            "public address",
        )
    return seen(f"{name} from {ip}")


def _address(text: str) -> str:
    """Return the one spelling of an IP address; other text as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _operation(evidence: Evidence, call: Call) -> Verdict:
    rows = evidence.linked("gateway", call)
    if not rows:
        return _unknown(evidence, call)
    expected = operation(evidence, call)
    found = {text(row, "OperationId") for row in rows}
    if "" in found:
        return failed("OperationId is empty", OPERATION_FIX)
    if expected and normal(expected) not in map(normal, found):
        return failed(f"OperationId is {', '.join(found)}, not {expected}", OPERATION_FIX)
    return seen(", ".join(found))


OPERATION_FIX = "the API's operations are not those of the imported document: pulumi up --refresh"
OPERATION = Proof(
    id="operation",
    about="each call's row names the operation of the imported document",
    needs=("gateway", "llm"),
    judge=each_call(_operation),
    fix=GATEWAY_LOG_FIX,
)
SAMPLING = Proof(
    id="sampling",
    about="the gateway is meant to log every call, not a share of them",
    needs=(),
    judge=_sampling,
    fix="",
)
CALLER = Proof(
    id="caller",
    about="each call's row names the consumer and the caller's address",
    needs=("gateway", "llm"),
    judge=each_call(_caller),
    fix=GATEWAY_LOG_FIX,
)
