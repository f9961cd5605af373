"""The account's own counts of calls and tokens are those of the calls that the gateway logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from queries.check import others
from queries.check.beside import SOURCES
from queries.check.evidence import SETTLE, Evidence
from queries.check.fields import LAG, SLACK, text
from queries.check.others import Others
from queries.check.pairs import Request, Sent
from queries.check.proofs.base import (
    LATE,
    NO_CALL,
    NOT_JUDGED,
    Proof,
    Verdict,
    by_traffic,
    failed,
    seen,
    skipped,
    unjudged,
    waiting,
)
from queries.check.proofs.findings import NOT_LOOKED
from queries.check.records import Answered, Aside
from queries.check.traffic import OthersTraffic, OwnTraffic, by_round
from queries.check.words import counted, listed

PROMPT, GENERATED = "ProcessedPromptTokens", "GeneratedTokens"
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics"""
PATIENCE = LATE / SETTLE
"""How many times `--settle` rows of others may be late: `LATE`, unless a run says otherwise."""
ALLOWED = "of otherCallers or with a key"
SHOWN = 3
"""Most identities that a verdict names."""
COPY_FIX = (
    "the gateway sends calls that it does not log, or sends some more than once: look for an API "
    "without Azure Monitor's diagnostic, and for send-request, send-one-way-request and retry in "
    "policies of every scope; pulumi up --refresh puts the stack's own policy back"
)
MORE_FIX = (
    "the account served calls that no log has: look for keys, role assignments and other APIs that "
    "reach it, and run bypass.kql"
)
FOREIGN_FIX = (
    "take its role away, or name its object id in otherCallers and run pulumi up; the proof "
    "`access` lists who has a role, and bypass.kql the calls"
)
MEMBERS_FIX = (
    "give this identity Reader on the account, so that `access` can tell who may call it; or "
    "accept it with --allow reconciled/callers"
)


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if not traffic.calls:
        return waiting(NO_CALL)
    silent = evidence.rows.silent
    if unread := next((silent[source] for source in SOURCES[:2] if source in silent), ""):
        return waiting(f"what others did meanwhile cannot be read yet ({unread})")
    found = others.of(evidence, traffic.calls)
    if found is None:
        return waiting("no row of these calls in the gateway's log yet")
    meanwhile = [
        one
        for one in found.foreign
        if one.ended >= found.begun - SLACK and not others.may_have_key(evidence.target, one)
    ]
    return (
        _strangers(evidence, meanwhile)
        or _unlogged(evidence, found.unexplained)
        or _tokens(evidence, traffic, found)
    )


def _strangers(evidence: Evidence, requests: Sequence[Request]) -> Verdict | None:
    """Judge requests of others than the gateway: None where each is known to be meant to call.

    `otherCallers` may name a group, whose members' own ids the rows hold. Where all who have a role
    are the gateway and those that it names, whoever else called is a member.
    """
    named = {one.lower() for one in evidence.target.other_callers}
    unknown = [one for one in requests if one.identity not in named]
    if not unknown:
        return None
    who = dict.fromkeys(one.identity or "nobody, as with a key" for one in unknown)
    said = f"{_count(unknown)} by others than the gateway: {listed(who, SHOWN, ', ')}"
    if not named:
        return failed(f"the account answered {said}", FOREIGN_FIX)
    if evidence.deployed is None:
        return waiting(f"{said}; {NOT_LOOKED}")
    access = evidence.deployed.access
    if access.unclear and not access.differences:
        return unjudged(f"whether otherCallers names {said}", MEMBERS_FIX, ("callers",))
    return None if access.groups else failed(f"the account answered {said}", FOREIGN_FIX)


def _unlogged(evidence: Evidence, requests: Sequence[Request]) -> Verdict | None:
    """Tell requests by the gateway's own identity beside what its log holds of any API."""
    if not requests:
        return None
    said = f"the account answered {_count(requests)} more of the gateway than the gateway's log has"
    if _is_before(evidence, min(one.last for one in requests) + evidence.settle * PATIENCE):
        return _for_now(f"{said}: rows of others may still come")
    return failed(said, COPY_FIX)


def _tokens(evidence: Evidence, traffic: OwnTraffic, found: Others) -> Verdict:
    """Judge by the account's metrics: no fewer than callers were told, no more than is known."""
    totals = {
        text(row, "MetricName"): float(row.get("Total") or 0)
        for row in evidence.of("account-minutes")
    }
    wanted = _sum(_told(traffic))
    newest = _sum([call for call in traffic.calls if call.round == traffic.calls[-1].round])
    came, told = _figures({name: totals.get(name, 0) for name in wanted}), _figures(wanted)
    if any(totals.get(name, 0) < count for name, count in newest.items()):
        reason = evidence.rows.silent.get("account-minutes") or f"{came}, of {told}"
        return waiting(f"not all in AzureMetrics yet ({reason})")
    over = {name: totals.get(name, 0) - count for name, count in wanted.items()}
    if any(count > 0 for count in over.values()):
        return _over(evidence, traffic, found, over)
    if not any(over.values()):
        return seen(f"{came}: as callers were told{_beside(found)}")
    if newest == wanted:
        return waiting(f"not all in AzureMetrics yet ({came}, of {told})")
    return seen(f"{came}, of {told}: the first were made before the setting acted")


def _over(
    evidence: Evidence, traffic: OwnTraffic, found: Others, over: dict[str, float]
) -> Verdict:
    """Compare the tokens beside these calls' with those of others' that any log holds."""
    begin = min(min(call.started for call in calls) for calls in by_round(traffic.calls))
    theirs = [one for one in found.sent if one.costs and one.ended >= begin - LAG]
    known, ours = _sum(theirs), _figures(_sum(_told(traffic)))
    said, whose = f"{_figures(over)} beside {ours} of these calls", "others that the gateway logged"
    left = _most([call for call in traffic.aside if call.usage is None])
    if all(count <= left[name] for name, count in over.items()):
        return seen(f"{said}, of {len(traffic.hung_up)} whose caller hung up{_beside(found)}")
    if all(count <= known[name] + left[name] for name, count in over.items()):
        return seen(f"{said}, of {counted(len(theirs), 'call')} of {whose}")
    ended = max(call.ended for call in traffic.calls)
    dark = [one for one in theirs if one.usage is None]
    due = [one.ended + evidence.settle for one in dark if one.of_stack]
    if due and _is_before(evidence, max(due)):
        return waiting(f"{said}: the tokens of others' calls may still come")
    if dark or found.foreign:
        unknown = f"{counted(len(dark), 'logged call')} of others, and of {_count(found.foreign)}"
        return seen(f"{said}; {NOT_JUDGED}: the tokens of {unknown} {ALLOWED}, which no log holds")
    said = f"the account counts {said}, and the logs hold {_figures(known)} of others"
    if _is_before(evidence, ended + evidence.settle * PATIENCE):
        return _for_now(f"{said}: rows of others may still come")
    return failed(said, MORE_FIX)


def _beside(found: Others) -> str:
    """Tell what was found of others, for a person."""
    return f"; {_count(found.foreign)} {ALLOWED} beside" if found.foreign else ""


def _count(requests: Sequence[Request]) -> str:
    return counted(len(requests), "request")


def _figures(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{count:.0f} {name}" for name, count in counts.items())


def _told(traffic: OwnTraffic) -> list[Answered]:
    """Return the calls whose caller was told their tokens."""
    return [call for call in (*traffic.calls, *traffic.aside) if call.usage]


def _sum(calls: Sequence[Answered] | Sequence[Sent]) -> dict[str, int]:
    """Return the tokens that are known of some calls, by the counting metric."""
    usages = [call.usage for call in calls if call.usage]
    return {
        PROMPT: sum(usage.prompt for usage in usages),
        GENERATED: sum(usage.completion for usage in usages),
    }


def _most(calls: Sequence[Aside]) -> dict[str, int]:
    """Return the tokens that calls of unknown ones may have cost, by the counting metric."""
    return {
        PROMPT: sum(call.most.prompt for call in calls),
        GENERATED: sum(call.most.completion for call in calls),
    }


def _for_now(reason: str) -> Verdict:
    """Wait for rows of others, for which no further round of calls is needed."""
    return replace(waiting(reason), lost=True)


def _is_before(evidence: Evidence, time: datetime) -> bool:
    return evidence.now is None or evidence.now < time


def _of_others(_: Evidence, __: OthersTraffic) -> Verdict:
    return skipped(
        "nobody here knows what others were told", "run without --no-traffic to have it judged"
    )


RECONCILED = Proof(
    id="reconciled",
    about="the account's own rows and metrics count these calls and their tokens, each once",
    needs=(*SOURCES, "account-minutes", "gateway", "llm"),
    judge=by_traffic(_own, _of_others),
    fix="the account's metrics of tokens do not arrive: its diagnostic setting must send "
    "AllMetrics to this workspace (portal: Azure OpenAI > Diagnostic settings)",
)
