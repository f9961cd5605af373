"""Plans: what a stack file may say of them, and what of it the policy has."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.settings.plan_branches import branches
from components.settings.plans import Limits
from policies.gateway.reader import parse
from tests.components.harness import Json, run_without_insights
from tests.components.test_bad_input import CONSUMER, DEPLOYMENT, refusal

SMALL = {"name": "small", "tokensPerMinute": 1000}
LIMITS = {
    "name": "all",
    "tokensPerMinute": 1000,
    "tokenQuota": 5000,
    "tokenQuotaPeriod": "Daily",
    "callsPerMinute": 60,
    "models": ["text-turbo"],
    "promptBytes": 9000,
}


def consumers(*given: Json) -> list[Json]:
    return [
        {"name": f"team-{number}", "displayName": "Team", **one} for number, one in enumerate(given)
    ]


def policy(**config: Any) -> str:
    return str(run_without_insights(config).inputs("openai-api-policy")["value"])


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"plans": [{"name": "none"}]}, "plan none: at least one of tokensPerMinute"),
        ({"plans": [SMALL, {**SMALL, "name": "SMALL"}]}, "given twice: small"),
        ({"plans": [{**SMALL, "models": ["text-turbo", "gone"]}]}, "there is no gone"),
        ({"plans": [{**SMALL, "tokenQuotaPeriod": "Hour"}]}, "Hourly, Daily, Weekly"),
        ({"plans": [{**SMALL, "promptBytes": 3_000_000}]}, "from 0 to 2,000,000"),
        ({"consumers": [{**CONSUMER, "plan": "small"}]}, "the name of one of plans (none)"),
        (
            {"plans": [SMALL], "consumers": [{**CONSUMER, "plan": "smal"}]},
            "the name of one of plans (small)",
        ),
        (
            {"consumers": [{**CONSUMER, "limits": {"tokenPerMinute": 5}}]},
            "did you mean tokensPerMinute?",
        ),
        ({"consumers": [{**CONSUMER, "refuse": True}]}, "true only beside monthlyTokens"),
        (
            {"consumers": [{**CONSUMER, "refuse": True, "monthlyCost": 5}]},
            "dollars are known from the logs alone",
        ),
        (
            {
                "plans": [LIMITS],
                "consumers": [{**CONSUMER, "plan": "all", "refuse": True, "monthlyTokens": 5}],
            },
            "a consumer has one quota",
        ),
        (
            {"consumers": consumers(*({"limits": {"tokensPerMinute": n}} for n in range(1, 900)))},
            "Azure takes 262,144: give consumers a plan in common",
        ),
        (
            {
                "entraTenant": "33333333-2222-3333-4444-555555555555",
                "entraAudience": "api://gateway",
                "consumers": consumers(
                    *(
                        {
                            "roles": [f"role-{n}"],
                            "limits": {"callsPerMinute": n, "tokensPerMinute": n, "tokenQuota": n},
                        }
                        for n in range(1, 391)
                    )
                ),
            },
            "390 applications, roles and groups, and Azure takes 262,144",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_any_resource(config: Json, words: str) -> None:
    assert words in refusal(config)


def test_a_plan_in_no_consumer_changes_no_policy() -> None:
    assert policy(plans=[SMALL]) == policy()


def test_consumers_of_equal_limits_share_a_branch() -> None:
    text = policy(
        plans=[SMALL, LIMITS],
        consumers=consumers(
            {"plan": "small"},
            {"plan": "All"},
            {"plan": "SMALL"},
            {},
            {"limits": {"tokensPerMinute": 1000}},
            {"plan": "all", "limits": {"tokenQuota": 0, "callsPerMinute": 5}},
        ),
    )
    document = parse(text)
    assert document
    mine = [
        one
        for one in document.all("when")
        if "context.Subscription.Id" in one.attributes["condition"]
    ]
    names = [re.findall(r"team-\d", one.attributes["condition"]) for one in mine]
    assert names == [["team-0", "team-2", "team-4"], ["team-1"], ["team-5"]]
    whole, own = mine[1], mine[2]
    limit = whole.first("llm-token-limit")
    assert limit
    assert (
        limit.attributes["counter-key"]
        == '@("miyagi-api/tokens/" + context.Subscription.Id.ToLowerInvariant())'
    )
    assert limit.attributes["token-quota-period"] == "Daily"
    assert limit.attributes["estimate-prompt-tokens"] == "false"
    calls = own.first("rate-limit-by-key")
    assert calls
    assert calls.attributes["calls"] == "5"
    assert "token-quota" not in own.first("llm-token-limit").attributes  # type: ignore[union-attr]


def test_a_budget_that_refuses_is_a_monthly_quota() -> None:
    text = policy(consumers=consumers({"monthlyTokens": 70_000, "refuse": True}))
    assert 'token-quota="70000" token-quota-period="Monthly"' in text
    assert "tokens-per-minute" not in text
    assert "llm-token-limit" not in policy(consumers=consumers({"monthlyTokens": 70_000}))


def test_several_accounts_limit_before_a_pool_is_chosen() -> None:
    accounts = [{"name": name, "deployments": [DEPLOYMENT]} for name in ("one", "two")]
    given = {"deployments": [], "accounts": accounts, "plans": [LIMITS]}
    text = policy(**given, consumers=consumers({"plan": "all"}))
    assert text.index("called-deployment") < text.index("llm-token-limit")
    assert text.index("llm-token-limit") < text.index('<set-variable name="pool"')
    assert text.count('<set-variable name="called-deployment"') == 1


def test_a_thousand_consumers_of_a_few_plans_are_far_below_the_largest_policy() -> None:
    names = tuple(f"consumer-{number}" for number in range(500))
    groups = [(Limits(tokens_per_minute=1), names), (Limits(token_quota=1), names)]
    lines = branches(groups, api="miyagi-api", header="x-gateway-accounting")
    assert sum(map(len, lines)) < 16_000


def test_the_proof_output_has_the_limits_of_those_that_have_some() -> None:
    given = {"plans": [SMALL], "consumers": consumers({"plan": "small"}, {})}
    proof = run_without_insights(given).stack["proof"]
    assert proof["plans"] == [{"consumers": ["team-0"], "tokensPerMinute": 1000}]
    assert "plans" not in run_without_insights({}).stack["proof"]
