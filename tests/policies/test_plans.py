from __future__ import annotations

import pytest

from components.openai_api import policy
from components.settings import expiry
from components.settings.plan_branches import branches
from components.settings.plans import Limits
from tests.policies.harness import changed, said
from tests.policies.test_api_policy import NAME

WHOLE = Limits(
    tokens_per_minute=1000,
    token_quota=90_000,
    token_quota_period="Daily",
    calls_per_minute=60,
    models=("text-turbo", "B.2"),
    prompt_bytes=65_536,
)


def rendered(*limits: Limits, by_token: bool = False) -> str:
    """The example's policy with plans, of two consumers each."""
    groups = [(one, (f"team-{number}", f"Office-{number}")) for number, one in enumerate(limits)]
    return policy.render(
        audience="https://cognitiveservices.azure.com",
        backend_url="https://oai-example.openai.azure.com/openai",
        timeout=600,
        plans=[
            *branches(groups, api="miyagi-api", header=policy.ACCOUNTING_HEADER, by_token=by_token)
        ],
    )


@pytest.mark.parametrize(
    "limits",
    [
        (WHOLE,),
        (Limits(tokens_per_minute=5), Limits(token_quota=5)),
        (Limits(calls_per_minute=5), Limits(models=("a-1",)), Limits(prompt_bytes=5)),
        (Limits(tokens_per_minute=5, models=("a-1",)), WHOLE, Limits(token_quota=7)),
    ],
)
@pytest.mark.parametrize("by_token", [False, True])
def test_the_pack_allows_every_plan_that_the_program_renders(
    limits: tuple[Limits, ...], by_token: bool
) -> None:
    assert said(changed(NAME, "value", rendered(*limits, by_token=by_token))).refused == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('tokens-per-minute="1000" ', ""),
        ('"miyagi-api/tokens/" + context.Subscription.Id', '"miyagi-api/tokens/"'),
        ('"miyagi-api/calls/" + context.Subscription.Id', "context.Request.IpAddress"),
        ('estimate-prompt-tokens="false"', 'estimate-prompt-tokens="true"'),
        ('renewal-period="60"', 'renewal-period="1"'),
        ('Method != "GET"', 'Method == "GET"'),
        (">= 65537", ">= 0"),
        ('status code="413"', 'status code="200"'),
        ("allows bodies of at most", "allows, at https://evil.example, at most"),
        ('",team-0,office-0,"', '"," + context.Request.Headers.GetValueOrDefault("x", "") + ","'),
        ('code="403" reason="Forbidden" />', 'code="403" reason="Forbidden" /><base />'),
    ],
)
def test_a_plan_that_somebody_has_edited_is_refused(old: str, new: str) -> None:
    text = rendered(WHOLE)
    assert text.count(old) >= 1
    at = text.rindex(old)
    edited = text[:at] + new + text[at + len(old) :]
    assert said(changed(NAME, "value", edited)).refused.keys() == {"api-policy"}


ENDS = (("2027-12-31", ("team-0", "Office-0")), ("2028-02-29", ("team-1",)))


def expiring(*, by_token: bool = False) -> str:
    """The example's policy with last days before its plans."""
    whole = "\n".join(expiry.branches(ENDS, header=policy.ACCOUNTING_HEADER, by_token=by_token))
    text = rendered(WHOLE, by_token=by_token)
    at = text.index('<when condition="@(",team-0')
    return text[:at] + whole + text[at:]


@pytest.mark.parametrize("by_token", [False, True])
def test_the_pack_allows_last_days(by_token: bool) -> None:
    assert said(changed(NAME, "value", expiring(by_token=by_token))).refused == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DateTime.UtcNow >= new", "DateTime.UtcNow == new"),
        ('",team-0,office-0,"', '"," + context.Request.Headers.GetValueOrDefault("x", "") + ","'),
        ('code="403"', 'code="200"'),
        ("last day was 2027", "last day was https://evil.example 2027"),
    ],
)
def test_a_last_day_that_somebody_has_edited_is_refused(old: str, new: str) -> None:
    text = expiring()
    assert old in text
    edited = text.replace(old, new, 1)
    assert said(changed(NAME, "value", edited)).refused.keys() == {"api-policy"}


def test_whom_the_pack_is_told_to_be_limited_must_stand_in_a_plan() -> None:
    told = {"api-policy": {"limited": ["team-0", "TEAM-9"]}}
    found = said(changed(NAME, "value", rendered(WHOLE)), told)
    assert found.refused.keys() == {"api-policy"}
    assert "TEAM-9" in found.text
    assert "team-0" not in found.text
    told = {"api-policy": {"limited": ["office-0", "team-0"]}}
    assert said(changed(NAME, "value", rendered(WHOLE)), told).refused == {}
    assert said(changed(NAME, "value", rendered()), told).refused.keys() == {"api-policy"}
