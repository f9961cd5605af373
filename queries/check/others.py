"""Requests of the account beside this run's calls, and which calls of the gateway explain them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from queries.check.evidence import OK, Evidence
from queries.check.expected.account import CATEGORY, INNER, answering, times, unfolded
from queries.check.fields import LAG, SLACK, model_in, names_response, text
from queries.check.gateway.targets import Accounts
from queries.check.pairs import Request, Sent, unmatched
from queries.check.proofs.llm import usage_in, usage_in_header
from queries.check.records import Answered, OwnCall, Usage
from queries.check.traffic import OwnTraffic
from queries.outputs import Target
from queries.workspace import Row

_BACKGROUND = re.compile(r"background:(resp_\w+)")
"""By which the policy's header names a response that was made in the background."""
_DEPLOYMENT = re.compile(r"/deployments/([^/?]+)")

FREE = frozenset(range(401, 500)) - {408, 499}
"""Results of calls that cost nothing; 400 of a content filter may.

https://learn.microsoft.com/azure/ai-services/openai/how-to/manage-costs
"""


@dataclass(frozen=True, kw_only=True)
class Others:
    """Who else called the account while this run did."""

    sent: tuple[Sent, ...]
    """Calls of others that the gateway logged, of any of its APIs."""
    unexplained: tuple[Request, ...]
    """Requests by the gateway's own identity that no call explains."""
    foreign: tuple[Request, ...]
    """Requests by others than the gateway, of the whole time that was read."""
    begun: datetime
    """Start of the first call that is in the gateway's log: before it the setting did not act."""


def of(evidence: Evidence, calls: Sequence[OwnCall]) -> Others | None:
    """Match the account's requests with calls; None while no call of this run is logged."""
    logged = [call.started for call in calls if evidence.correlations(call)]
    if not logged:
        return None
    aside = evidence.traffic.aside if isinstance(evidence.traffic, OwnTraffic) else ()
    begun, ids = min(logged), {one for call in (*calls, *aside) for one in call.account_ids}
    requests = list(_requests(evidence))
    known = {one.id for one in requests} & ids
    own = {evidence.target.gateway_principal_id.lower()}
    own |= {one.identity for one in requests if one.id in known}
    sent = tuple(_sent(evidence))
    ours = [_made(call, "") for call in aside if not call.account_ids & known]
    if not known:
        # No row has the id that a caller was told: calls are known by deployment and time alone,
        # and a request of which no row tells who made it may be one of them.
        ours += [_made(call, _answering(evidence, call)) for call in calls]
        own |= {""}
    extra = [one for one in requests if one.id not in known]
    by_gateway = [one for one in extra if one.identity in own]
    # Azure sends what is too much for a deployment with throughput of its own on to another.
    # https://learn.microsoft.com/azure/ai-foundry/openai/how-to/spillover-traffic-management
    spilling = {d.name.lower() for d in evidence.target.every_deployment if d.provisioned}
    answered = [one for one in sent if one.costs]
    made, of_any = [*answered, *ours], {"", *spilling}
    by_key = [one for one in by_gateway if may_have_key(evidence.target, one)]
    told = [one for one in by_gateway if not may_have_key(evidence.target, one)]
    alone = unmatched(told, made, of_any)
    # Where no row tells who made it, those that calls explain are the gateway's.
    by_key = by_key if told else unmatched(by_key, made, of_any)
    return Others(
        sent=sent,
        unexplained=tuple(one for one in alone if one.first >= begun - SLACK),
        foreign=(*(one for one in extra if one.identity not in own), *by_key),
        begun=begun,
    )


def may_have_key(target: Target, request: Request) -> bool:
    """Tell whether a request may have had a key, which its account is meant to take.

    A key has no object id.
    """
    taking = {one.id.lower() for one in target.every_account if one.keys == "allow"}
    return not request.identity and request.account in taking


def _requests(evidence: Evidence) -> Iterator[Request]:
    """Return the account's answered requests of a deployment, each once."""
    found = set[str]()
    for row in map(unfolded, evidence.of("account-others")):
        time, deployment = row.get("TimeGenerated"), text(row, f"{INNER}.modelDeploymentName")
        answered = text(row, "Category") == CATEGORY and text(row, "ResultSignature") == str(OK)
        name = text(row, "CorrelationId") or str(time)
        if not (answered and deployment and isinstance(time, datetime)) or name in found:
            continue
        found.add(name)
        begin, end = times(row) or (None, None)
        yield Request(
            id=text(row, "CorrelationId"),
            deployment=deployment.lower(),
            identity=text(row, f"{INNER}.objectId").lower(),
            first=begin or time - LAG,
            last=begin or time,
            ended=end or time,
            account=text(row, "_ResourceId").lower(),
        )


def _sent(evidence: Evidence) -> Iterator[Sent]:
    """Return the calls of others, of any API of the gateway, that were sent to the account."""
    accounts, seen = Accounts.of(evidence.target), set[str]()
    every, api = evidence.target.every_account, evidence.target.api_id.lower()
    ours = evidence.all_correlations | evidence.aside_ids
    filled = [row for row in evidence.of("llm-others") if row.get("TotalTokens")]
    entries = {text(row, "CorrelationId"): row for row in filled}
    rows = evidence.of("gateway-others")
    later = {
        made: usage
        for row in rows
        if (made := _background(row)) and (usage := usage_in_header(row))
    }
    for row in rows:
        time, name, url = (row.get(one) for one in ("TimeGenerated", "CorrelationId", "BackendUrl"))
        if name in ours or name in seen or not isinstance(time, datetime) or names_response(row):
            continue
        both = zip(every, accounts.every, strict=True)
        account = next((one.id for one, names in both if names.has(str(url or ""))), "")
        if not account:
            continue
        seen.add(str(name))
        code, entry = row.get("ResponseCode"), entries.get(str(name), {})
        yield Sent(
            deployment=_deployment(row) or text(entry, "DeploymentName").lower(),
            started=time,
            ended=time + timedelta(milliseconds=float(row.get("TotalTime") or 0)),
            account=account.lower(),
            costs=code not in FREE or row.get("BackendResponseCode") == OK,
            of_stack=text(row, "ApiId").lower() == api and code == OK and not _left(row),
            usage=_counted(entry)
            or usage_in(text(row, "ResponseBody"))
            or usage_in_header(row)
            or later.get(_background(row)),
        )


def _background(row: Row) -> str:
    """Return the id of a response in the background, as the policy's header tells it; "" if none.

    Its tokens come with the call that reads it.
    """
    found = _BACKGROUND.search(text(row, "ResponseHeaders"))
    return found[1] if found else ""


def _left(row: Row) -> bool:
    """Tell whether the caller hung up, so that no log will hold the tokens.

    https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies
    """
    return text(row, "LastErrorReason").startswith("ClientConnection")


def _deployment(row: Row) -> str:
    """Return the deployment that a call names, "" for none."""
    found = _DEPLOYMENT.search(text(row, "Url"))
    return (found[1] if found else model_in(text(row, "RequestBody"))).lower()


def _counted(entry: Row) -> Usage | None:
    counts = [int(entry.get(f"{one}Tokens") or 0) for one in ("Prompt", "Completion", "Total")]
    prompt, completion, total = counts
    return Usage(prompt=prompt, completion=completion, total=total) if total else None


def _made(call: Answered, account: str) -> Sent:
    name = call.deployment.lower()
    return Sent(deployment=name, started=call.started, ended=call.ended, account=account)


def _answering(evidence: Evidence, call: OwnCall) -> str:
    found = answering(evidence, call)
    return found.id.lower() if found else ""
