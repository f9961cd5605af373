"""The check and the policy of several accounts: its choice in the backend section, and edits."""

import pytest

from components.openai_api import routing
from components.openai_api.policy import render
from components.settings.accounts import Account
from queries.check.gateway.changes import _forwards
from queries.check.gateway.effective import Effective
from queries.check.gateway.model import Policy, Scope

MODEL = {"model": "gpt-5.6-luna", "version": "2026-07-09", "capacity": 1, "name": "chat"}
PLANNED = routing.plan(
    "miyagi-api",
    [Account.model_validate({"name": name, "deployments": [MODEL]}) for name in ("weu", "swc")],
)
POLICY = render(
    audience="https://cognitiveservices.azure.com",
    backend_url="https://oai-weu.openai.azure.com/openai",
    timeout=600,
    routing=PLANNED,
)
AGAIN = '<retry condition="@(true)" count="2" interval="1">'


def said(text: str, *, own: bool = True) -> list[str]:
    """Say what is found of a policy, all of whose statements are the stack's own or none."""
    way = Effective(scope=Scope(), service=Scope(), chain=[None, Policy(place="it", text=text)])
    statements = list(way.statements())
    kept = {id(one) for one in statements} if own else set[int]()
    return [one.deployed for one in _forwards(statements, kept, several=True)]


def test_the_policy_of_several_accounts_calls_one_by_its_choice() -> None:
    assert said(POLICY) == []


def test_the_same_choice_of_somebody_else_is_none() -> None:
    assert said(POLICY, own=False)


@pytest.mark.parametrize(
    ("place", "more"),
    [
        ("<backend>", f"<backend>{AGAIN}"),
        ("<backend>", '<backend><choose><when condition="@(true)">'),
    ],
)
def test_the_choice_within_another_statement_is_a_difference(place: str, more: str) -> None:
    ends = "</retry>" if "retry" in more else "</when></choose>"
    assert said(POLICY.replace(place, more).replace("</backend>", f"{ends}</backend>"))
