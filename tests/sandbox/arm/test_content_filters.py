"""Content filters: what Azure refuses of them, and of deployments that name them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import arm
from sandbox.errors import NotModelledError
from tests.sandbox.arm.conftest import ACCOUNT, DEPLOYMENT, Azure, refusal
from tests.sandbox.seen import held

POLICY = f"{ACCOUNT}/raiPolicies/strict"
HATE = {"name": "Hate", "source": "Prompt", "enabled": True, "blocking": True}
RULES = [
    {**HATE, "severityThreshold": "Low"},
    {**HATE, "source": "Completion", "severityThreshold": "High"},
    {**HATE, "name": "Protected Material Text", "source": "Completion"},
]
INVALID = "Resource has invalid content filter"


def body(*filters: Any, **properties: Any) -> dict[str, Any]:
    held = {"basePolicyName": "Microsoft.DefaultV2", "contentFilters": list(filters or RULES)}
    return {"properties": held | properties}


def name(stack: Azure, policy: str | None) -> None:
    stack.edit(DEPLOYMENT, lambda found: found["properties"].update(raiPolicyName=policy))


def test_a_filter_is_made_as_it_is_given(stack: Azure) -> None:
    made = stack.put(POLICY, body())
    assert made.properties["contentFilters"] == RULES
    assert "mode" not in made.properties
    assert made.properties["type"] == "UserManaged"


@pytest.mark.parametrize(
    ("where", "given", "code"),
    [
        (f"{ACCOUNT}/raiPolicies/-strict", body(), "InvalidResourceName"),
        (f"{ACCOUNT}/raiPolicies/Microsoft.Default", body(), "BadRequest"),
        (POLICY, body(basePolicyName="mine"), INVALID),
        (POLICY, body(basePolicyName=None), INVALID),
        (POLICY, body(mode="Strict"), "InvalidParameters"),
        (POLICY, body({**RULES[0], "name": "Rudeness"}), INVALID),
        (POLICY, body({**HATE, "name": "Jailbreak", "source": "Completion"}), INVALID),
        (POLICY, body({**RULES[0], "severityThreshold": "Off"}), "InvalidParameters"),
        (POLICY, body(HATE), INVALID),
        (POLICY, body(RULES[0], RULES[0]), INVALID),
        (POLICY, body({**RULES[0], "source": "Answer"}), "InvalidParameters"),
    ],
)
def test_filters_that_azure_refuses(
    stack: Azure, where: str, given: dict[str, Any], code: str
) -> None:
    assert refusal(lambda: stack.put(where, given)).code == code


def test_what_is_not_modelled_is_told(stack: Azure) -> None:
    for given in (body({**RULES[0], "source": "PreRun"}), body(customBlocklists=[{}])):
        with pytest.raises(NotModelledError):
            stack.put(POLICY, given)


def test_a_deployment_names_a_filter_that_exists(stack: Azure) -> None:
    assert refusal(lambda: name(stack, "strict")).code == "InvalidResourceProperties"
    for own in ("Microsoft.Default", "microsoft.defaultv2", None):
        name(stack, own)
    stack.put(POLICY, body())
    name(stack, "Strict")
    assert held(stack.cloud, DEPLOYMENT).properties["raiPolicyName"] == "Strict"


def test_a_filter_is_deleted_once_no_deployment_names_it(stack: Azure) -> None:
    stack.put(POLICY, body())
    name(stack, "strict")
    assert refusal(lambda: arm.delete(stack.cloud, POLICY)).status == 409
    name(stack, None)
    arm.delete(stack.cloud, POLICY)
    assert stack.cloud.get(POLICY) is None


def test_an_account_takes_its_filters_along(stack: Azure) -> None:
    stack.put(POLICY, body())
    name(stack, "strict")
    arm.delete(stack.cloud, ACCOUNT)
    assert stack.cloud.get(POLICY) is None
