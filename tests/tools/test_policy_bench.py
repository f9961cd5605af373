"""What the policy costs a call with a large body is some reads of that body, and no more."""

from __future__ import annotations

import pytest

from tools import policy_bench

PARSE = "var asked = JObject.Parse(text);"


def test_no_large_body_costs_more_than_some_reads() -> None:
    costs = list(policy_bench.measure())
    assert [cost.case.name for cost in costs if cost.over] == []
    assert sum(cost.is_large for cost in costs) == 4
    assert all(cost.own > cost.empty > 0 for cost in costs)
    assert all(cost.several > cost.own for cost in costs if not cost.is_large)


@pytest.mark.parametrize("times", [8])
def test_a_body_that_is_parsed_again_and_again_is_over(times: int) -> None:
    again = "".join(f"var asked{n} = JObject.Parse(text); " for n in range(times))
    policy = policy_bench.own_policy().replace(PARSE, again + PARSE)
    over = [cost.case.name for cost in policy_bench.measure(policy) if cost.over]
    assert over == ["stream of 1 MB", "response of 1 MB"]
