"""An API that lets callers in by tokens is no open API; one whose tokens nobody validates is."""

from __future__ import annotations

import pytest

from components.azure.environment import ENVIRONMENTS
from components.openai_api.policy import render
from components.openai_api.token_callers import TokenCallers
from tests.policies.harness import Shown, changed, said

TENANT = "66666666-7777-8888-9999-000000000000"
OTHER = "66666666-7777-8888-9999-000000000001"
TOLD = {"api": {"callers": "tokens"}}


def text(*, keys: bool = True) -> str:
    cloud = ENVIRONMENTS["public"]
    return render(
        audience="https://cognitiveservices.azure.com",
        backend_url="https://oai-example.openai.azure.com/openai",
        timeout=600,
        callers=TokenCallers(
            tenant=TENANT,
            audience="api://gateway.example",
            authority=cloud.entra_authority,
            issuer=cloud.entra_issuer,
            keys=keys,
            consumers=[(f"application:{OTHER}", "team-a"), ("role:Chat.User", "team-b")],
        ),
    )


def stack(policy: str) -> Shown:
    return changed("openai-api", "subscriptionRequired", value=False, stack=changed_policy(policy))


def changed_policy(policy: str) -> Shown:
    shown = changed("openai-api-policy", "value", policy)
    shown["openai-api-policy"]["links"].setdefault("apiId", ["openai-api"])
    return shown


@pytest.mark.parametrize("keys", [True, False])
def test_a_stack_with_tokens_passes_where_the_pack_is_told_so(keys: bool) -> None:
    assert said(stack(text(keys=keys)), TOLD).refused == {}


def test_the_pack_must_be_told() -> None:
    told = said(stack(text()))
    assert told.refused.keys() == {"api"}
    assert "subscriptionRequired" in told.text


def test_an_open_api_is_refused_whatever_the_pack_is_told() -> None:
    own = changed("openai-api", "subscriptionRequired", value=False)
    told = said(own, TOLD)
    assert told.refused.keys() == {"connected"}
    assert "a policy that validates tokens of one tenant" in told.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('require-scheme="Bearer" ', ""),
        (f"https://login.microsoftonline.com/{TENANT}/v2.0/.well", "https://evil.example/.well"),
        ("<audience>api://gateway.example</audience>", ""),
        ("<audience>api://gateway.example</audience>", "<audience>@(x)</audience>"),
        (
            f"<issuer>https://sts.windows.net/{TENANT}/</issuer>",
            "<issuer>https://e.example</issuer>",
        ),
        ('"@(context.Subscription == null)"', '"@(false)"'),
        ('"@(context.Subscription == null)"', '"@(context.Request.Method == "GET")"'),
        ("role:Chat.User=team-b", "role:.*=team-b"),
        ('<set-status code="403" reason="Forbidden" />', '<set-status code="200" reason="OK" />'),
        ("token-consumer=", "consumer="),
        ('severity="information"', 'severity="verbose"'),
        ('== "validate-jwt"', '== "other"'),
    ],
)
def test_a_changed_validation_is_refused(old: str, new: str) -> None:
    whole = text()
    assert old in whole
    assert "api-policy" in said(stack(whole.replace(old, new, 1)), TOLD).refused


def test_tokens_of_two_tenants_are_refused() -> None:
    mixed = text().replace(f"sts.windows.net/{TENANT}", f"sts.windows.net/{OTHER}")
    assert said(stack(mixed), TOLD).refused.keys() == {"connected"}
