"""Each of several accounts has answered a call to each of its deployments."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from queries.check.answers import OF_PLANS
from queries.check.evidence import OK, Evidence
from queries.check.expected.account import answering
from queries.check.failover import ACTION
from queries.check.fields import text
from queries.check.proofs.base import Proof, Verdict, each_call, failed, seen, unjudged, waiting
from queries.check.records import Call, Failed, Failover, OwnCall
from queries.check.traffic import OwnTraffic
from queries.contract import NEXT_ACCOUNT

UNREACHED_FIX = (
    "accounts of another rank or weight answered every call: run the check again to reach one by "
    "weight, reach each by name with --failover, or accept a stand-by with "
    "--allow accounts/<account>/<deployment>; whether its role and deployment are as declared, "
    "other proofs tell"
)
OPEN_FIX = "pulumi up --refresh puts back the policy, which refuses whoever names an account"
UNKNOWN_FIX = (
    f"give this identity {ACTION}, as the role API Management Service Contributor does; or check "
    "without --failover"
)
ON = "failover"
"""Part of the proof that tells whether a call goes on from an account that does not answer."""
Pair = tuple[str, str]
"""Short name of an account, and name of a deployment in lower case."""


def _known(evidence: Evidence, call: Call) -> Verdict:
    """Want to know which account answered a call, as the gateway's row of it tells."""
    found = answering(evidence, call)
    return seen(found.name) if found else waiting("which account answered is not known yet")


def _judge(evidence: Evidence) -> Verdict:
    traffic = evidence.traffic
    shown = traffic.failover if isinstance(traffic, OwnTraffic) else None
    if shown and (broken := _broken(evidence, shown)):
        return broken
    known = each_call(_known)(evidence)
    if known.status != "seen":
        return known
    reached = {*_by_calls(evidence), *_by_rows(evidence)}
    wanted = [
        (account.name, one.name.lower())
        for account in evidence.target.accounts
        for one in account.deployments
    ]
    lacking = [pair for pair in wanted if pair not in reached]
    parts = [f"{account}/{deployment}" for account, deployment in lacking]
    said, reasons = [f"answered by {_listed([one for one in wanted if one in reached])}"], []
    if lacking:
        reasons.append(f"no call reached {_listed(lacking)}")
    if shown and (reason := _not_sent_on(evidence, shown)):
        reasons.insert(0, reason)
        parts.append(ON)
    elif shown:
        said.append(_sent_on(evidence))
    if reasons:
        fix = UNKNOWN_FIX if shown and shown.unknown else UNREACHED_FIX
        return unjudged("; ".join(reasons), fix, parts)
    return seen("; ".join(said))


def _broken(evidence: Evidence, shown: Failover) -> Verdict | None:
    """Say which account does not answer a call that names it, or answers in another's place."""
    if shown.open:
        said = f"the gateway answered a caller who named an account without a token: {shown.open}"
        return failed(said, OPEN_FIX)
    if broken := [one for one in shown.failed if _tells(one)]:
        fixes = dict.fromkeys(one.fix for one in broken)
        return failed("; ".join(f"{one.label}: {one.cause}" for one in broken), "; ".join(fixes))
    for call in evidence.calls:
        named = call.meets if isinstance(call, OwnCall) else ""
        found = answering(evidence, call) if named not in {"", NEXT_ACCOUNT} else None
        if found and found.name != named:
            said = f"{call.name}: {found.name} answered, and the call named {named}"
            return failed(said, OPEN_FIX)
    return None


def _tells(one: Failed) -> bool:
    """Tell whether the account that a call named failed it, and not want of room, or a plan."""
    return not one.throttled and one.fix not in OF_PLANS


def _not_sent_on(evidence: Evidence, shown: Failover) -> str:
    """Say why it is not known whether calls go on; "" where one did, or has no row yet."""
    unmet = [f"{one.label}: {one.cause}" for one in shown.failed]
    if shown.unknown or unmet:
        return "; ".join([shown.unknown, *unmet] if shown.unknown else unmet)
    return "" if _sent_on(evidence) else "no call had to go on"


def _sent_on(evidence: Evidence) -> str:
    """Say to which account a call went on; "" where none was made, or answered."""
    for call in evidence.calls:
        if isinstance(call, OwnCall) and call.meets == NEXT_ACCOUNT:
            found = answering(evidence, call)
            if found:
                return f"a call of {call.deployment} went on to {found.name} from nobody"
    return ""


def _by_calls(evidence: Evidence) -> Iterator[Pair]:
    for call in evidence.calls:
        if account := answering(evidence, call):
            yield account.name, call.deployment.lower()


def _by_rows(evidence: Evidence) -> Iterator[Pair]:
    """Yield what the gateway's rows of others tell: an answered call names host and deployment."""
    names = {urlsplit(one.backend_url).hostname: one.name for one in evidence.target.accounts}
    for row in evidence.of_api:
        url = urlsplit(text(row, "BackendUrl"))
        _, found, rest = url.path.lower().partition("/deployments/")
        if found and row.get("ResponseCode") == OK and url.hostname in names:
            yield names[url.hostname], rest.partition("/")[0]


def _listed(pairs: list[Pair]) -> str:
    return ", ".join(f"{deployment} of {account}" for account, deployment in pairs) or "none"


ACCOUNTS = Proof(
    id="accounts",
    about="each of several accounts has answered a call to each of its deployments",
    needs=("gateway",),
    judge=_judge,
    fix="the gateway's rows do not arrive: see what other proofs say",
    applies=lambda target: bool(target.accounts),
)
