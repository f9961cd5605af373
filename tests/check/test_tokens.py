"""The check's own token: whose consumer's it is, and what the row of a call by token must show."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError

from queries import outputs as reader
from queries.check import keys, tokens
from queries.check.configuration.manager import Manager
from queries.check.evidence import Evidence
from queries.check.expected.gateway import TABLE
from queries.check.expected.rules import Logged
from queries.check.records import CallOfOthers
from queries.check.traffic import OthersTraffic
from queries.errors import CannotRunError
from queries.outputs import Target
from tests.check.arm import Arm, Credential
from tests.check.stack import KEY, outputs
from tests.check.test_keys import NOW

TENANT, AUDIENCE = "66666666-7777-8888-9999-000000000000", "api://gateway.example"
APPLICATION, GROUP = "0aaaaaaa-0000-4000-8000-000000000001", "0bbbbbbb-0000-4000-8000-000000000001"


def token(**claims: Any) -> str:
    parts = ({"alg": "RS256"}, claims)
    written = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts
    ]
    return ".".join([*written, "signature"])


class Identity:
    """Gives tokens with these claims, for any audience but one that is refused."""

    def __init__(self, refused: str = "", **claims: Any) -> None:
        self.claims, self.refused = claims, refused
        self.scopes: list[str] = []

    def get_token(self, *scopes: str) -> Any:
        if scopes == ("https://management.azure.com/.default",):
            return Credential()
        self.scopes += scopes
        if self.refused and scopes[0].startswith(self.refused):
            raise ClientAuthenticationError("AADSTS500011: no such resource\nTrace id")
        return type("Token", (), {"token": token(**self.claims)})


def find(identity: Identity, arm: Arm | None = None, **change: Any) -> Target:
    own = {
        "entraTenant": TENANT,
        "entraAudience": AUDIENCE,
        "consumerKeys": "refuse",
        "tokenConsumers": [
            [f"application:{APPLICATION}", "aoai-test"],
            ["role:Chat.User", "team-b"],
            [f"group:{GROUP}", "team-c"],
        ],
        "consumers": ["aoai-test", "team-b", "team-c"],
    }
    values = outputs()
    values["proof"] = values["proof"] | own | change
    if arm:
        del values["subscriptionKeys"]
    transport = httpx.MockTransport((arm or Arm()).handle)
    manager = Manager(
        endpoint="https://management.azure.com",
        client=lambda: httpx.Client(transport=transport),
        credential=lambda: identity,
    )
    return keys.find(reader.target(values), values, manager, NOW)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"appid": APPLICATION.upper()}, "aoai-test"),
        ({"azp": APPLICATION, "roles": ["Chat.User"]}, "aoai-test"),
        ({"azp": "other", "roles": ["x", "Chat.User"], "groups": [GROUP]}, "team-b"),
        ({"groups": [GROUP.upper()]}, "team-c"),
    ],
)
def test_the_check_calls_as_the_consumer_whose_its_token_is(claims: Any, name: str) -> None:
    identity = Identity(**claims)
    found = find(identity)
    (caller,) = found.callers
    assert (caller.name, caller.sends()) == (name, f"Bearer {token(**claims)}")
    assert found.by_token(name)
    others = {"aoai-test", "team-b", "team-c"} - {name}
    assert set(found.keyless) == {f"{one} with a token" for one in others}
    assert identity.scopes[0] == f"{AUDIENCE}/.default"
    assert token(**claims) not in repr(found)


def test_a_token_is_asked_for_anew_for_each_call() -> None:
    identity = Identity(appid=APPLICATION)
    (caller,) = find(identity).callers
    identity.claims = {"appid": APPLICATION, "iat": 2}
    assert caller.sends() == f"Bearer {token(appid=APPLICATION, iat=2)}"


def test_beside_keys_others_call_with_theirs_and_their_tokens_are_not_judged() -> None:
    found = find(Identity(appid="other"), consumerKeys="allow", consumers=["aoai-test"])
    assert [(one.name, one.sends()) for one in found.callers] == [("aoai-test", KEY)]
    assert not found.by_token("aoai-test")
    assert list(found.keyless) == ["aoai-test with a token"]
    assert "its application is other" in found.keyless["aoai-test with a token"]


def test_the_key_of_whom_the_check_calls_as_with_a_token_is_not_judged() -> None:
    found = find(Identity(appid=APPLICATION), consumerKeys="allow", consumers=["aoai-test"])
    assert [(one.name, found.by_token(one.name)) for one in found.callers] == [("aoai-test", True)]
    assert list(found.keyless) == ["aoai-test with its key"]


def test_whom_the_check_calls_as_rests_on_no_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_from_azure", lambda _, __, names: (dict.fromkeys(names, KEY), {}))
    names = [f"team-{number}" for number in range(3 * keys.MOST)]
    for name in (names[0], names[keys.MOST], names[-1]):
        holders = [[f"application:{APPLICATION}", name]]
        found = find(
            Identity(appid=APPLICATION),
            consumerKeys="allow",
            consumers=names,
            tokenConsumers=holders,
        )
        assert found.callers[0].name == name
        assert not {one.name for one in found.callers} & set(found.resting)


def test_a_key_of_the_environment_leaves_tokens_to_be_refused_and_judges_no_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(keys.VARIABLE, KEY)
    found = find(Identity(appid=APPLICATION), consumerKeys="allow", consumers=["aoai-test"])
    assert [(one.name, one.sends()) for one in found.callers] == [("aoai-test", KEY)]
    assert set(found.wrong_tokens) == {"foreign token", "wrong audience"}
    assert list(found.keyless) == ["aoai-test with a token"]


def test_a_key_of_the_environment_is_none_where_no_key_lets_anybody_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(keys.VARIABLE, KEY)
    with pytest.raises(CannotRunError, match="consumerKeys refuse") as caught:
        find(Identity(appid=APPLICATION))
    assert f"unset {keys.VARIABLE}" in caught.value.fix
    assert KEY not in str(caught.value)


def test_a_strangers_token_is_wrong_by_its_signature_alone() -> None:
    claims = {"appid": APPLICATION, "iss": "https://sts.windows.net/t/", "aud": AUDIENCE}
    found = find(Identity(**claims))
    strange = tokens.read(found.wrong_tokens["foreign token"].get_secret_value())
    assert claims.items() <= strange.items()
    assert strange["exp"] > NOW.timestamp()


def test_without_any_key_the_token_is_enough() -> None:
    arm = Arm(resources={})
    found = find(
        Identity(appid=APPLICATION), arm, consumerKeys="allow", consumers=["aoai-test", "b"]
    )
    assert [one.name for one in found.callers] == ["aoai-test"]
    assert "no key to call with" in found.keyless["b"]


def test_what_must_be_refused_is_a_strangers_token_and_one_for_the_account() -> None:
    found = find(Identity(appid=APPLICATION))
    assert set(found.wrong_tokens) == {"foreign token", "wrong audience"}
    strange = found.wrong_tokens["foreign token"].get_secret_value()
    assert tokens.read(strange.removeprefix("Bearer "))["aud"] == AUDIENCE
    own = find(Identity(appid=APPLICATION), entraAudience="https://cognitiveservices.azure.com")
    assert set(own.wrong_tokens) == {"foreign token"}


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (Identity(appid="other"), "its application is other"),
        (Identity(), "its application is not told"),
        (Identity(refused="api://"), "AADSTS500011: no such resource"),
    ],
)
def test_without_any_token_the_check_cannot_run(identity: Identity, said: str) -> None:
    with pytest.raises(CannotRunError, match="no token to call with") as caught:
        find(identity)
    assert said in str(caught.value)


def traced(message: str, source: str = "token-callers") -> str:
    return json.dumps([{"source": source, "message": message, "metadata": {}}])


def row(**columns: Any) -> Any:
    return {"ApimSubscriptionId": "", "TraceRecords": "", "ProductId": "", **columns}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"TraceRecords": traced("token-consumer=aoai-test")}, []),
        ({"TraceRecords": traced("token-consumer=team-b")}, ["TraceRecords names team-b"]),
        (
            {"TraceRecords": traced("token-consumer=aoai-test", "theirs")},
            ["TraceRecords names empty"],
        ),
        ({}, ["TraceRecords names empty"]),
        ({"ApimSubscriptionId": "team-b"}, ["ApimSubscriptionId is team-b"]),
    ],
)
def test_a_row_names_the_consumer_by_the_policys_word(columns: Any, said: list[str]) -> None:
    target = find(Identity(appid=APPLICATION))
    call = CallOfOthers(
        correlation="c", deployment="d", started=NOW, ended=NOW, round=1, consumer="aoai-test"
    )
    (rule,) = TABLE["ApimSubscriptionId"]
    evidence = Evidence(target=target, traffic=OthersTraffic(until=NOW, calls=(call,)))
    faults = list(rule("ApimSubscriptionId", evidence, [Logged(call=call, row=row(**columns))]))
    assert [one.said.partition(",")[0] for one in faults] == said
