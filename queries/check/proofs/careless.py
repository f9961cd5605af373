"""What careless callers send is accounted for: nobody has to ask for tokens, or wait for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from queries.check import kinds
from queries.check.evidence import Evidence
from queries.check.fields import LEFT, text
from queries.check.kinds import Kind
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    NO_CALL,
    NO_SUCH_CALL,
    Proof,
    Verdict,
    by_traffic,
    each_own_call,
    failed,
    no_row,
    seen,
    skipped,
    together,
    unjudged,
    waiting,
)
from queries.check.proofs.calls import TRAFFIC_FIX
from queries.check.proofs.llm import TOLD_FIX, counted, tokens, usage_in_header
from queries.check.proofs.refused import of_kind
from queries.check.records import OwnCall
from queries.check.rows import GATEWAY_LOG
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.outputs import RESPONSE

GONE = (0, 499)
"""Response codes of a call whose caller left before the answer began."""
MANY_FIX = "deploy a text-embedding-3 model, or raise its capacity, to have it judged"
BACKGROUND = "background"
AGAIN_FIX = "see why no further call was answered in what the check printed, and run it again"
UNTOLD_FIX = (
    "something before the gateway may keep the connection: call it directly, or accept it with "
    "--allow careless/hang-up"
)


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if not traffic.calls:
        return waiting(NO_CALL)
    return together([*_parts(evidence, traffic)] or [skipped(NO_SUCH_CALL)])


def _parts(evidence: Evidence, traffic: OwnTraffic) -> Iterator[Verdict]:
    """Judge each thing that a careless caller does, if the stack can be called so."""
    if any(call.kind == "stream" for call in traffic.calls):
        if evidence.target.stream_usage == "ensure":
            yield _streams(evidence, traffic)
        yield _left(evidence, traffic)
    if any(deployment.kind == "embeddings" for deployment in evidence.target.deployments):
        if kinds.many_deployment(evidence.target):
            yield _many(evidence, traffic)
        else:
            yield skipped("no deployment is fit for embeddings of many inputs", MANY_FIX)
    if evidence.target.refuses_background:
        yield of_kind(evidence, traffic, "background response")
    elif evidence.target.offers(RESPONSE, "GET"):
        yield _background(evidence, traffic)


def _is(kind: Kind) -> Callable[[Evidence, OwnCall], bool]:
    return lambda _, call: call.kind == kind and not call.brief


_streams = each_own_call(tokens, only=_is("stream"))
_many = each_own_call(tokens, only=_is(kinds.MANY))


def _left(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    """Demand the tokens of a call whose caller hung up, or the reason why nobody can know them."""
    if not traffic.hung_up:
        return unjudged("no call could be made to hang up", AGAIN_FIX, ("hang-up",))
    rows = [row for call in traffic.hung_up for row in evidence.aside(call)]
    if not rows:
        missing = no_row(evidence, "gateway", GATEWAY_LOG)
        return waiting(f"hang-up: {missing.detail}")
    if found := counted(evidence, {text(row, "CorrelationId") for row in rows}):
        return seen(f"hang-up: {found}")
    for row in rows:
        code, reason = int(row.get("ResponseCode") or 0), text(row, "LastErrorReason")
        if code in GONE or reason.startswith(LEFT):
            return seen(f"hang-up: logged as its caller's ({f'{code} {reason}'.rstrip()})")
    return unjudged(
        "no log has the tokens of a call whose caller hung up, nor that it did",
        UNTOLD_FIX,
        ("hang-up",),
    )


def _background(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    """Demand the tokens of a response in the background, as it told them when it was read."""
    call = traffic.background[-1] if traffic.background else None
    if call is None or call.usage is None:
        what = "ended while it was read" if call else "could be made"
        return unjudged(f"no response in the background {what}", AGAIN_FIX, (BACKGROUND,))
    rows = evidence.aside(call)
    if not rows:
        missing = no_row(evidence, "gateway", GATEWAY_LOG)
        return waiting(f"{call.name}: {missing.detail}")
    told = [row for row in rows if f"background:{call.response_id}" in text(row, "ResponseHeaders")]
    found = [usage for row in told if (usage := usage_in_header(row))]
    if not found:
        return waiting(f"{call.name}: no row of {GATEWAY_LOG} has its tokens yet")
    if call.usage not in found:
        return failed(
            f"{call.name}: logged {found[0]}, but the caller was told {call.usage}", TOLD_FIX
        )
    return seen(f"{call.name}: {call.usage} in {evidence.target.accounting_header}")


def _of_others(_: Evidence, __: OthersTraffic) -> Verdict:
    return skipped("nobody here knows what others sent", TRAFFIC_FIX)


CARELESS = Proof(
    id="careless",
    about="the tokens are known of a stream that does not ask for them, of embeddings of 2,048 "
    "inputs and of background responses, or these are refused; a caller who hangs up is told",
    needs=("gateway", "llm"),
    judge=by_traffic(_own, _of_others),
    applies=lambda target: kinds.chats(target) or kinds.many_deployment(target) is not None,
    fix=GATEWAY_LOG_FIX,
)
