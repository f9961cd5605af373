"""Plans, consumers with tokens, and several accounts in one policy, judged together."""

from __future__ import annotations

import pytest

from components.azure.environment import ENVIRONMENTS
from components.openai_api import policy, routing
from components.openai_api.token_callers import TokenCallers
from components.settings.accounts import Account
from components.settings.plan_branches import branches
from tests.engine.test_accounts import ACCOUNTS
from tests.policies.harness import SEVERAL, Said, changed, example, said
from tests.policies.test_plans import WHOLE
from tests.policies.test_token_callers import OTHER, TENANT, TOLD

NAMES = ("team-a", "Team-B")
LIMITED = TOLD | {"api-policy": {"limited": ["team-a", "team-b"]}}


def rendered(*, keys: bool = True) -> str:
    cloud = ENVIRONMENTS["public"]
    lines = branches(
        [(WHOLE, NAMES)], api="miyagi-api", header=policy.ACCOUNTING_HEADER, by_token=True
    )
    return policy.render(
        audience="https://cognitiveservices.azure.com",
        backend_url="https://oai-example.openai.azure.com/openai",
        timeout=600,
        routing=routing.plan("miyagi-api", [Account.model_validate(one) for one in ACCOUNTS]),
        callers=TokenCallers(
            tenant=TENANT,
            audience="api://gateway.example",
            authority=cloud.entra_authority,
            issuer=cloud.entra_issuer,
            keys=keys,
            consumers=[(f"application:{OTHER}", "team-a"), ("role:Chat.User", "Team-B")],
        ),
        plans=[*lines],
    )


def judged(text: str) -> Said:
    stack = changed("openai-api", "subscriptionRequired", value=False, stack=example(SEVERAL))
    stack = changed("openai-api-policy", "value", text, stack)
    stack["openai-api-policy"]["links"].setdefault("apiId", ["openai-api"])
    return said(stack, LIMITED)


@pytest.mark.parametrize("keys", [True, False])
def test_all_of_it_passes(keys: bool) -> None:
    assert judged(rendered(keys=keys)).refused == {}


@pytest.mark.parametrize(
    ("old", "new", "refused_by"),
    [
        (",team-a,team-b,", ",team-a,", "api-policy"),
        ('counter-key="@("miyagi-api/tokens/" + ', 'counter-key="@("x" + ', "api-policy"),
        ('require-scheme="Bearer" ', "", "api-policy"),
        ("&& !context.Tracing", "", "api-policy"),
        ('backend-id="miyagi-api.pool.text-turbo"', 'backend-id="miyagi-api.other"', "connected"),
    ],
)
def test_each_part_is_judged_beside_the_others(old: str, new: str, refused_by: str) -> None:
    whole = rendered()
    assert old in whole
    assert refused_by in judged(whole.replace(old, new)).refused
