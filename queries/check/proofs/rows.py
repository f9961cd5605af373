"""The calls were answered, and the logs say who made them and that the account served them."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from queries.check import kinds
from queries.check.evidence import Evidence
from queries.check.fields import text, within
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
from queries.check.records import Call, OwnCall
from queries.check.rows import DIAGNOSTICS, GATEWAY_LOG
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
    return any_of(_named(row, evidence.target.consumer, evidence.caller_ip) for row in rows)


def _unknown(evidence: Evidence, call: Call) -> Verdict:
    """No row is known to be the call's: there is none, or without content several could be."""
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
    """The one spelling of an IP address; other text as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _account(evidence: Evidence, call: Call) -> Verdict:
    """The gateway sent the call to this account, and the account has a row of it."""
    wanted = urlsplit(evidence.target.account.backend_url).hostname
    backends = {text(row, "BackendUrl") for row in evidence.linked("gateway", call)} - {""}
    if backends and wanted not in {urlsplit(url).hostname for url in backends}:
        return failed(
            f"the gateway sent the call to {min(backends).split('?')[0]}, not to the account",
            "the API's policy names another backend: pulumi up --refresh puts it back",
        )
    return _account_row(evidence, call)


def _account_row(evidence: Evidence, call: Call) -> Verdict:
    """By the account's request id if a row has it, else by deployment, result and time.

    The row holds neither content nor tokens, and no public page says which id it shares with the
    response; so there must be a row more than the gateway logged calls of others.
    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/monitor-openai
    """
    rows = evidence.of("account")
    if any(evidence.with_id("account", one) for one in call.account_ids):
        return seen("by request id")
    ours = [other for other in evidence.calls if _alike(other, call)]
    known = {one for other in ours for one in other.account_ids}
    alike = {
        text(row, "CorrelationId") or str(row["TimeGenerated"])
        for row in rows
        if text(row, "ResultSignature") == "200"
        and text(row, "Deployment").lower() == call.deployment.lower()
        and any(within(row, other) for other in ours)
    }
    by_id = {one for one in known if evidence.with_id("account", one)}
    others = {text(row, "CorrelationId") for other in ours for row in evidence.calls_like(other)}
    unknown = sum(not other.account_ids & by_id for other in ours)
    of_others = len(others - evidence.all_correlations)
    ended = max(other.ended for other in ours)
    recent = evidence.now is not None and evidence.now < ended + evidence.settle
    if of_others and isinstance(call, OwnCall) and recent:
        return waiting("others call too: the gateway's rows of their calls must arrive first")
    if len(alike - by_id) >= unknown + of_others:
        return seen("by deployment and time")
    return no_row(evidence, "account", DIAGNOSTICS)


def _alike(other: Call, call: Call) -> bool:
    """Calls of one round to one deployment, which only their number tells apart."""
    return (other.deployment, other.round) == (call.deployment, call.round)


def _operation(evidence: Evidence, call: Call) -> Verdict:
    rows = evidence.linked("gateway", call)
    if not rows:
        return _unknown(evidence, call)
    expected = evidence.target.operations.get(f"POST {kinds.template(call.kind)}", "")
    found = {text(row, "OperationId") for row in rows}
    if "" in found:
        return failed("OperationId is empty", OPERATION_FIX)
    if expected and _normal(expected) not in map(_normal, found):
        return failed(f"OperationId is {', '.join(found)}, not {expected}", OPERATION_FIX)
    return seen(", ".join(found))


def _normal(operation: str) -> str:
    """As an import may write an operation's id.

    https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
    """
    return re.sub(r"[^a-z0-9]+", "-", operation.lower()).strip("-")[:OPERATION_LENGTH]


OPERATION_LENGTH = 76
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
ACCOUNT = Proof(
    id="account",
    about="the account's own log has a row of each call",
    needs=("account",),
    judge=each_call(_account),
    fix="the account's rows do not arrive: its diagnostic setting must send RequestResponse (or "
    "allLogs) to this workspace (portal: Azure OpenAI > Diagnostic settings)",
)
