"""The last day of a consumer: what a stack file may say, and what of it policy and proof have."""

from __future__ import annotations

from typing import Any

import pytest

from policies.gateway.reader import parse
from tests.components.harness import run_without_insights
from tests.components.test_bad_input import CONSUMER, refusal
from tests.components.test_plans import consumers


def conditions(**config: Any) -> list[str]:
    """The conditions by which the policy refuses consumers as expired, in their order."""
    text = str(run_without_insights(config).inputs("openai-api-policy")["value"])
    document = parse(text)
    assert document is not None
    return [
        condition
        for one in document.all("when")
        if "UtcNow" in (condition := one.attributes.get("condition", ""))
    ]


@pytest.mark.parametrize("day", ["2027-02-29", "31.12.2027", "2027-3-1", "2027-03-01T00:00:00Z"])
def test_a_last_day_that_there_is_not_is_refused(day: str) -> None:
    said = refusal({"consumers": [{**CONSUMER, "expires": day}]})
    assert f'consumers[0].expires = "{day}"' in said
    assert 'a real date in quotes, such as "2027-03-31"' in said


def test_consumers_are_refused_from_the_day_after_each_day_once() -> None:
    days: tuple[dict[str, str], ...] = (
        {"expires": "2027-12-31"},
        {"expires": "2027-02-28"},
        {},
        {"expires": "2027-12-31"},
    )
    whose = '.Contains("," + context.Subscription.Id.ToLowerInvariant() + ","))'
    assert conditions(consumers=consumers(*days)) == [
        f'@(DateTime.UtcNow >= new DateTime(2027, 3, 1) && ",team-1,"{whose}',
        f'@(DateTime.UtcNow >= new DateTime(2028, 1, 1) && ",team-0,team-3,"{whose}',
    ]


def test_tokens_name_an_expired_consumer_too() -> None:
    found = conditions(
        entraTenant="33333333-2222-3333-4444-555555555555",
        entraAudience="api://gateway",
        consumers=consumers({"roles": ["caller"], "expires": "2027-12-31"}),
    )
    assert ['GetValueOrDefault<string>("consumer"' in one for one in found] == [True]


def test_without_a_last_day_policy_and_proof_have_none() -> None:
    assert conditions() == []


def test_the_proof_names_the_last_days_of_active_consumers() -> None:
    given: tuple[dict[str, str], ...] = (
        {"expires": "2027-12-31"},
        {},
        {"expires": "2027-01-31", "state": "suspended"},
    )
    run = run_without_insights({"consumers": consumers(*given)})
    assert run.stack["proof"]["expires"] == {"team-0": "2027-12-31"}
    assert "expires" not in run_without_insights({}).stack["proof"]


def test_last_days_count_towards_the_largest_policy() -> None:
    every = ({"expires": f"2{n // 12:03}-{n % 12 + 1:02}-01"} for n in range(12, 450))
    assert "Azure takes 262,144" in refusal({"consumers": consumers(*every)})
