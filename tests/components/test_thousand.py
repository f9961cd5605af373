"""A thousand consumers cost a thousand times what one costs, and no more."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from tests.components.harness import Run, run_program

MANY = 1_000
pytestmark = pytest.mark.slow


def thousand() -> list[dict[str, Any]]:
    return [
        {
            "name": f"team-{number}",
            "displayName": f"Team {number}",
            "monthlyTokens": 1_000_000 + number,
            "monthlyCost": 12.5,
        }
        for number in range(MANY)
    ]


@cache
def stack() -> Run:
    """Declare the example stack with a thousand consumers, each with two budgets."""
    return run_program({"consumers": thousand()})


def test_each_subscription_depends_on_the_one_before_and_on_its_product() -> None:
    """So Azure never sees two at once, neither when they are made nor when they go."""
    requests = [stack().request(f"subscription-{one['name']}") for one in thousand()]
    urns = {request.name: urn for urn, request in stack().requests.items()}
    for before, after in pairwise(requests):
        assert set(after.dependencies) >= {urns[before.name], urns["openai-api-product"]}
        assert len(after.dependencies) == len(requests[1].dependencies)


def test_every_key_of_a_thousand_is_an_output() -> None:
    keys = stack().stack["subscriptionKeys"]
    assert len(str(keys).split("the-key")) == MANY + 1
