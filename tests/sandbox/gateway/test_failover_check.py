"""The check's own calls over several accounts: whom they meet, and that only it makes them."""

from __future__ import annotations

import pytest

from sandbox.http import Headers
from tests.sandbox.gateway.conftest import Azure
from tests.sandbox.gateway.several import Several, refusing
from tests.sandbox.seen import reply


@pytest.fixture
def several(azure: Azure) -> Several:
    return Several(azure)


@pytest.mark.parametrize("account", ["weu", "swc", "eus"])
def test_a_call_with_a_token_meets_the_account_that_it_names(
    several: Several, account: str
) -> None:
    response = several.check(account, several.token())
    assert (response.status, several.asked) == (200, [account])
    assert response.headers.get("Apim-Trace-Id")


def test_a_stand_by_that_is_broken_shows_its_own_answer_and_is_not_sent_on(
    several: Several,
) -> None:
    several.faults["eus"] = refusing(401)
    assert several.check("eus", several.token()).status == 401
    assert several.asked == ["eus"]


def test_the_check_closes_no_account_for_others(several: Several) -> None:
    several.faults["weu"] = refusing(429, retry_after="600")
    assert several.check("weu", several.token()).status == 429
    del several.faults["weu"]
    several.call()
    assert several.asked == ["weu"]


def test_a_call_that_meets_nobody_goes_on_to_the_account_whose_turn_it_is(several: Several) -> None:
    assert several.check("*", several.token()).status == 200
    assert several.asked == ["no-account", "weu"]
    several.call()
    assert several.asked == ["weu"]


@pytest.mark.parametrize(
    ("api", "seconds", "header"),
    [
        ("miyagi-api", -60, "Apim-Debug-Authorization-Expired"),
        ("another", 60, "Apim-Debug-Authorization-WrongAPI"),
    ],
)
def test_a_token_that_is_late_or_for_another_api_is_refused(
    several: Several, api: str, seconds: int, header: str
) -> None:
    response = several.check("swc", several.token(api, seconds))
    assert (response.status, several.asked) == (403, [])
    assert reply(response)["error"]["code"] == "FailoverCheckNotAllowed"
    assert response.headers.get(header)


@pytest.mark.parametrize("token", ["", "aid=miyagi-api&p=tracing&ex=99999999999&sn=0", "none"])
@pytest.mark.parametrize("account", ["swc", "*", "weu", "nobody"])
def test_a_caller_without_a_token_chooses_no_account(
    several: Several, token: str, account: str
) -> None:
    assert several.check(account, token).status == 403
    assert several.asked == []


def test_no_account_sees_the_token(several: Several) -> None:
    several.check("swc", several.token())
    assert "Apim-Debug-Authorization" not in Headers(several.azure.sent[-1].headers)
