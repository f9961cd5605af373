"""The accounts: where each is, and what Azure has of one that exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from components.azure import arm_id
from components.preflight.facts import Azure, Check, Read, guarded
from components.preflight.lines import Line, fine, wrong
from components.preflight.plan import AccountPlan, Plan, region
from components.settings.accounts import ACCOUNTS, KINDS

COGNITIVE = "Microsoft.CognitiveServices"
VERSION = "2025-06-01"
"""API version of models, usages and accounts.

https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/models/list
https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/usages/list
"""
RIGHT = f"{COGNITIVE}/accounts/read and {COGNITIVE}/accounts/deployments/read"
FIX = "name one that does; az resource show --ids <id> shows whether you can read it"


@dataclass(frozen=True, order=True)
class Place:
    """A region of a subscription: models and quota are told of it."""

    region: str
    subscription: str


def reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    """Return the reads of what exists, which come first: they tell the region."""
    ids = [one.account.id for one in plan.accounts if one.account.id]
    read = azure.manager
    return {
        **{f"account {one}": partial(read.get, one, VERSION) for one in ids},
        **{f"in {one.lower()}": partial(read.list, f"{one}/deployments", VERSION) for one in ids},
    }


def place_of(azure: Azure, part: AccountPlan) -> Place | None:
    """Return where an account is, or is to be; None of an existing one that does not exist.

    Raises:
        UnreadableError: Azure does not tell.
        KeyError: the answer has no region.
    """
    if not part.account.id:
        return Place(part.location, azure.subscription.lower())
    found = azure.fact(f"account {part.account.id}")
    subscription = arm_id.require(part.account.id, ACCOUNTS).subscription_id
    return Place(region(found["location"]), subscription.lower()) if found else None


def kind_of(azure: Azure, part: AccountPlan) -> str:
    """Return the kind of an account whose place is known."""
    if not part.account.id:
        return part.account.kind
    return str(azure.fact(f"account {part.account.id}").get("kind"))


def _judge(plan: Plan, azure: Azure) -> Iterator[Line]:
    for part in plan.accounts:
        if part.account.id:
            name = part.line("accountId")
            yield from guarded(name, RIGHT, partial(_judge_existing, azure, part))


def _judge_existing(azure: Azure, part: AccountPlan) -> Iterable[Line]:
    name, given = part.line("accountId"), part.account.id
    found = azure.fact(f"account {given}")
    if not found:
        return [wrong(name, f"{given} does not exist", FIX)]
    kind, place = str(found["kind"]), region(found["location"])
    if kind not in KINDS:
        detail = f"{part.said}kind {kind} does not answer Azure OpenAI's calls"
        return [wrong(name, detail, f"name an account of kind {' or '.join(KINDS)}")]
    if not found["properties"].get("customSubDomainName"):
        fix = "portal: Overview > Generate Custom Domain Name"
        return [wrong(name, f"{part.said}it has no custom subdomain, so it takes no tokens", fix)]
    there = {str(one["name"]).lower() for one in azure.fact(f"in {given.lower()}")}
    exists = f"{part.said}the account exists, of kind {kind}, in {place}"
    return [fine(name, exists), *_judge_deployments(part, there)]


def _judge_deployments(part: AccountPlan, there: set[str]) -> Iterator[Line]:
    """Judge what is said to exist by whether it does, and what is to be created by the reverse."""
    known = set(part.there) if part.stays else set()
    for one in part.account.deployments:
        name, has = part.line("deployment", one.name), one.name.lower() in there
        if one.existing and not has:
            fix = "name one that it has, or leave existing out to have it created"
            yield wrong(name, f"{part.said}the account has no deployment {one.name}", fix)
        elif not one.existing and has and one.name.lower() not in known:
            fix = "give existing: true to use it as it is, or choose another name"
            yield wrong(name, f"{part.said}the account has a deployment {one.name} already", fix)


ACCOUNT = Check(
    id="accountId",
    about="each existing account is there, of a kind that answers, with what is said to be in it",
    right=RIGHT,
    applies=lambda plan: any(one.account.id for one in plan.accounts),
    reads=reads,
    judge=_judge,
)
