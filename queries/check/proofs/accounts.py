"""Each of several accounts has answered a call to each of its deployments."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from queries.check.evidence import OK, Evidence
from queries.check.expected.account import answering
from queries.check.fields import text
from queries.check.proofs.base import Proof, Verdict, each_call, seen, unjudged, waiting
from queries.check.records import Call

UNREACHED_FIX = (
    "accounts of another rank or weight answered every call: run the check again to reach one by "
    "weight, or accept a stand-by with --allow accounts/<account>/<deployment>; whether its role "
    "and deployment are as declared, other proofs tell"
)
Pair = tuple[str, str]
"""Short name of an account, and name of a deployment in lower case."""


def _known(evidence: Evidence, call: Call) -> Verdict:
    """Want to know which account answered a call, as the gateway's row of it tells."""
    found = answering(evidence, call)
    return seen(found.name) if found else waiting("which account answered is not known yet")


def _judge(evidence: Evidence) -> Verdict:
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
    said = _listed([pair for pair in wanted if pair in reached])
    if lacking:
        parts = [f"{account}/{deployment}" for account, deployment in lacking]
        return unjudged(f"no call reached {_listed(lacking)}", UNREACHED_FIX, parts)
    return seen(f"answered by {said}")


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
