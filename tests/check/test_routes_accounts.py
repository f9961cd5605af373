"""Each deployment's calls go to its own accounts, shared as declared, and by https alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.openai_api import policy, routing
from components.settings.accounts import Account
from queries import contract
from queries.check.difference import Findings
from queries.outputs import Target, target
from tests.check.arm import ACCOUNT, GATEWAY, POLICY, Arm
from tests.check.several import STAND_BY, account, configuration, world
from tests.check.stack import deployment, outputs
from tests.check.ways import judged

MODEL = {"model": "gpt-5.6-luna", "version": "2026-07-09", "capacity": 1}
RANKS: list[dict[str, Any]] = [{"weight": 3}, {"priority": 2}]
NAMES, IDS = ("weu", "swc"), (ACCOUNT, STAND_BY)
OF = [["text-turbo", "Chat"], ["Text-Turbo", "vectors"]]
URLS = [f"https://{one.rpartition('/')[2]}.openai.azure.com/openai" for one in IDS]
RULE = {"name": "failing", "failureCondition": {"count": 1}}
STACK: Target = target(
    outputs(
        accounts=[
            account(name, id_, deployments=[deployment(each) for each in deployments], **rank)
            for name, id_, deployments, rank in zip(NAMES, IDS, OF, RANKS, strict=True)
        ]
    )
)
PLAN = routing.plan(
    "miyagi-api",
    [
        Account.model_validate(
            {"name": name, "deployments": [{"name": each, **MODEL} for each in deployments], **rank}
        )
        for name, deployments, rank in zip(NAMES, OF, RANKS, strict=True)
    ],
)
assert PLAN
POOL = f"{GATEWAY}/backends/miyagi-api.pool.text-turbo"
MEMBERS = [f"{GATEWAY}/backends/miyagi-api.{name}.text-turbo" for name in NAMES]
NOBODY, CHECKED = (f"{GATEWAY}/backends/miyagi-api.{n}" for n in ("to-nobody", "failover-check"))
SINGLES = [f"{GATEWAY}/backends/miyagi-api.{name}" for name in NAMES]


def whole() -> Arm:
    """A deployment whose gateway has what the program declares for both accounts."""
    assert PLAN
    made = world()
    text = policy.render(
        audience="https://cognitiveservices.azure.com",
        backend_url=URLS[0],
        timeout=600,
        routing=PLAN,
    )
    made.set(POLICY, "value", text)
    for name, url in zip(PLAN.accounts, URLS, strict=True):
        made.resources[f"{GATEWAY}/backends/{name}"] = {
            "properties": {"type": "Single", "url": url}
        }
    for route in PLAN.routes:
        services = []
        for one in route.members:
            path = f"{GATEWAY}/backends/{one.backend}"
            made.resources[path] = {
                "properties": {
                    "type": "Single",
                    "url": URLS[one.account],
                    "circuitBreaker": {"rules": [RULE]},
                }
            }
            services.append({"id": path, "priority": one.priority, "weight": one.weight})
        if services:
            pool = {"properties": {"type": "Pool", "pool": {"services": services}}}
            made.resources[f"{GATEWAY}/backends/{route.backend}"] = pool
    assert PLAN.failover_check
    members = [f"{GATEWAY}/backends/{one.backend}" for one in PLAN.failover_check.route.members]
    made.resources[NOBODY] = {"properties": {"type": "Single", "url": contract.NOBODY_URL}}
    made.resources[CHECKED] = {
        "properties": {"type": "Pool", "pool": {"services": [{"id": one} for one in members]}}
    }
    return made


def found(made: Arm) -> Findings:
    return configuration(made, STACK).routes()


def changed(resource: str, path: str, value: Any) -> Arm:
    made = whole()
    made.set(resource, path, value)
    return made


def services(**more: Any) -> list[dict[str, Any]]:
    """The pool's members, of which the second is otherwise."""
    made = copy.deepcopy(whole().resources[POOL]["properties"]["pool"]["services"])
    made[1] |= more
    return list(made)


def test_what_the_program_declares_is_seen() -> None:
    made = found(whole())
    assert (made.differences, made.unclear) == ((), ())


OTHERWISE: dict[str, tuple[str, str, Any]] = {
    "a member of swc that leads to weu": (MEMBERS[1], "url", URLS[0]),
    "a member of weu that leads to swc": (MEMBERS[0], "url", URLS[1]),
    "the only account of vectors": (SINGLES[1], "url", URLS[0]),
    "the account of all others": (SINGLES[0], "url", URLS[1]),
    "another priority": (POOL, "pool.services", services(priority=1)),
    "another weight": (POOL, "pool.services", services(weight=100)),
    "a member lost": (POOL, "pool.services", services()[:1]),
    "a member twice": (POOL, "pool.services", [services()[0], *services()]),
    "no breaker": (MEMBERS[0], "circuitBreaker", None),
    "a breaker without rules": (MEMBERS[1], "circuitBreaker", {"rules": []}),
    "nobody who answers": (NOBODY, "url", "https://elsewhere.openai.azure.com/openai"),
    "nobody at an account": (NOBODY, "url", URLS[1]),
    "the check's own pool": (CHECKED, "pool.services", services()),
    **{
        f"http at {one.rpartition('/')[2]}": (one, "url", url.replace("https", "http"))
        for places in (MEMBERS, SINGLES)
        for one, url in zip(places, URLS, strict=True)
    },
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_backend_that_is_otherwise_fails(name: str) -> None:
    assert found(changed(*OTHERWISE[name])).differences


def test_a_number_is_the_same_however_it_is_written() -> None:
    made = found(changed(POOL, "pool.services", services(priority=2.0, weight=1.0)))
    assert (made.differences, made.unclear) == ((), ())


@pytest.mark.parametrize("key", ["priority", "weight"])
def test_what_a_pool_does_not_tell_is_not_judged(key: str) -> None:
    made = found(changed(POOL, "pool.services", services(**{key: None})))
    assert (made.differences, len(made.unclear)) == ((), 1)


POLICY_OTHERWISE = {
    "a branch to another pool": (
        'backend-id="miyagi-api.swc"',
        'backend-id="miyagi-api.pool.text-turbo"',
    ),
    "a branch for another name": ('== "chat"', '== "chats"'),
    "a branch that may not act": ('== "vectors")', '== "vectors" && context.Api.Id == "x")'),
    "a backend set afterwards": (
        "</inbound>",
        '<set-backend-service backend-id="miyagi-api.weu" /></inbound>',
    ),
    "no branch for others": (
        "<otherwise>",
        '<when condition="@(context.Api.Id == &quot;x&quot;)">',
    ),
}


@pytest.mark.parametrize("name", POLICY_OTHERWISE)
def test_a_policy_that_leads_otherwise_is_never_seen(name: str) -> None:
    old, new = POLICY_OTHERWISE[name]
    text = str(whole().resources[POLICY]["properties"]["value"])
    assert old in text
    text = text.replace(old, new)
    if old == "<otherwise>":
        text = text.replace("</otherwise>", "</when>")
    made = found(changed(POLICY, "value", text))
    assert made.differences or made.unclear


def test_the_only_account_is_called_by_https_alone() -> None:
    made = Arm()
    text = str(made.resources[POLICY]["properties"]["value"])
    made.set(POLICY, "value", text.replace("https://oai-x.openai", "http://oai-x.openai"))
    (difference,) = judged(made).differences
    assert difference.path.startswith("where calls of the stack's API go")
