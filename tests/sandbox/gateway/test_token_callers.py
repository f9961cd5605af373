"""Calls with tokens of Microsoft Entra, through the policy that the program writes."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from components.azure.environment import ENVIRONMENTS
from components.openai_api.policy import render
from components.openai_api.token_callers import TokenCallers
from sandbox import clock, entra
from sandbox.cloud import TENANT_ID
from sandbox.http import Request, Response
from sandbox.identity import mint
from tests.sandbox.gateway.conftest import COMPLETION, Azure, diagnostic

AUDIENCE = "api://gateway.example"
APPLICATION, OTHER = "0aaaaaaa-0000-4000-8000-000000000001", "0aaaaaaa-0000-4000-8000-000000000002"
GROUP = "0bbbbbbb-0000-4000-8000-000000000001"
CONSUMERS = [
    (f"application:{APPLICATION}", "team-a"),
    ("role:Chat.User", "team-b"),
    (f"group:{GROUP}", "team-c"),
]


def callers(*, keys: bool = True, consumers: Any = CONSUMERS) -> TokenCallers:
    cloud = ENVIRONMENTS["public"]
    return TokenCallers(
        tenant=TENANT_ID,
        audience=AUDIENCE,
        authority=cloud.entra_authority,
        issuer=cloud.entra_issuer,
        keys=keys,
        consumers=consumers,
    )


def policy(**given: Any) -> str:
    return render(
        audience="https://cognitiveservices.azure.com",
        backend_url="https://oai-x.openai.azure.com/openai",
        timeout=600,
        callers=callers(**given),
    )


def token(**changes: Any) -> str:
    now = int(clock.now())
    claims = {
        "aud": AUDIENCE,
        "iss": entra.issuer(TENANT_ID),
        "appid": APPLICATION,
        "nbf": now,
        "exp": now + 3600,
    }
    found = {name: value for name, value in (claims | changes).items() if value is not None}
    return entra.signed(found)


@pytest.fixture
def tokens(azure: Azure) -> Azure:
    """The gateway as a stack with `entraTenant` deploys it."""
    open_to_tokens(azure)
    return azure


def open_to_tokens(azure: Azure, **given: Any) -> None:
    names = {"header": "api-key", "query": "subscription-key"}
    api = {"path": "openai", "subscriptionRequired": False}
    azure.put("/apis/miyagi-api", api | {"subscriptionKeyParameterNames": names})
    value = {"format": "rawxml", "value": policy(**given)}
    azure.put("/apis/miyagi-api/policies/policy", value)
    directory = entra.endpoint()

    def answer(request: Request) -> Response:
        if request.host == entra.HOST:
            return directory(request)
        return Response.json(200, COMPLETION)

    azure.answer = answer


def call(azure: Azure, bearer: str, **given: Any) -> tuple[Response, Any]:
    """Call with a token alone; return the answer and its row."""
    given.setdefault("key", None)
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    response = azure.call(**given, headers=headers, bearer=False)
    return response, azure.logged()[-1]


def named(row: Any) -> str:
    return " ".join(one["message"] for one in row.get("TraceRecords", []))


def said(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)["error"]["code"]


@pytest.mark.parametrize(
    ("changes", "consumer"),
    [
        ({}, "team-a"),
        ({"appid": APPLICATION.upper()}, "team-a"),
        (
            {"appid": None, "azp": APPLICATION, "iss": f"https://{entra.HOST}/{TENANT_ID}/v2.0"},
            "team-a",
        ),
        ({"appid": OTHER, "roles": ["Other", "Chat.User"]}, "team-b"),
        ({"appid": OTHER, "groups": [GROUP.upper()]}, "team-c"),
        ({"roles": ["Chat.User"], "groups": [GROUP]}, "team-a"),
        ({"appid": None, "roles": ["Chat.User"], "groups": [GROUP]}, "team-b"),
        ({"aud": [AUDIENCE, "other"]}, "team-a"),
    ],
)
def test_a_token_is_a_consumers(tokens: Azure, changes: Any, consumer: str) -> None:
    response, row = call(tokens, token(**changes))
    assert response.status == 200
    assert named(row) == f"token-consumer={consumer}"
    assert row["ApimSubscriptionId"] == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": OTHER},
        {"appid": None},
        {"appid": OTHER, "roles": ["Chat"]},
        {"appid": OTHER, "roles": ["ChatXUser", "chat.user", ".*", "Chat.User)|(x"]},
        {"appid": OTHER, "roles": []},
        {"appid": OTHER, "roles": ["Chat.User=team-b"], "groups": ["[^ ]+"]},
        {"appid": f"{OTHER}|application:{APPLICATION}"},
        {"appid": "-", "roles": ["-"], "groups": ["-"]},
    ],
)
def test_a_token_of_no_consumer_is_forbidden(tokens: Azure, changes: Any) -> None:
    response, row = call(tokens, token(**changes))
    assert (response.status, said(response)) == (403, "TokenOfNoConsumer")
    assert named(row).startswith("token-refused=TokenOfNoConsumer application=")
    assert "BackendUrl" not in row


FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def forged(**headers: Any) -> str:
    claims = jwt.decode(token(), options={"verify_signature": False})
    return jwt.encode(claims, FOREIGN, "RS256", headers={"kid": entra.KEY_ID, **headers})


@pytest.mark.parametrize(
    ("bearer", "reason"),
    [
        (lambda: "", "TokenNotPresent"),
        (lambda: "no-token", "JwtInvalid"),
        (lambda: token(exp=int(clock.now()) - 1), "TokenExpired"),
        (lambda: token(exp=None), "JwtInvalid"),
        (lambda: token(nbf=int(clock.now()) + 600), "JwtInvalid"),
        (lambda: token(aud="https://cognitiveservices.azure.com"), "TokenAudienceNotAllowed"),
        (lambda: token(iss=entra.issuer(OTHER)), "TokenIssuerNotAllowed"),
        (forged, "TokenSignatureInvalid"),
        (lambda: forged(kid="other"), "TokenSignatureKeyNotFound"),
        (
            lambda: jwt.encode(
                {"aud": AUDIENCE}, "secret" * 9, "HS256", headers={"kid": entra.KEY_ID}
            ),
            "TokenSignatureKeyNotFound",
        ),
    ],
)
def test_a_bad_token_is_refused_with_its_reason(tokens: Azure, bearer: Any, reason: str) -> None:
    response, row = call(tokens, bearer())
    assert (response.status, said(response)) == (401, reason)
    assert response.headers.get("WWW-Authenticate") == "Bearer"
    assert (row["LastErrorSource"], row["LastErrorReason"]) == ("validate-jwt", reason)
    assert row["ResponseCode"] == 401
    assert "TraceRecords" not in row
    assert [one for one in tokens.sent if one.host != entra.HOST] == []


def test_the_token_goes_no_further_and_is_logged_nowhere(tokens: Azure) -> None:
    mine = token()
    _, row = call(tokens, mine)
    sent = tokens.sent[-1].headers
    assert sent.get("Authorization").startswith("Bearer ")
    assert mine not in str(list(sent))
    assert mine.split(".")[1] not in json.dumps(row, default=str)


def test_beside_tokens_a_key_lets_in_and_names_its_consumer(tokens: Azure) -> None:
    response, row = call(tokens, token(), key="")
    assert response.status == 200
    assert (row["ApimSubscriptionId"], named(row)) == ("aoai-test", "")


def test_a_wrong_key_is_refused_whatever_the_token(tokens: Azure) -> None:
    response, row = call(tokens, token(), key="wrong")
    assert response.status == 401
    assert row["LastErrorReason"] == "SubscriptionKeyInvalid"


def test_where_keys_are_refused_only_the_token_counts(azure: Azure) -> None:
    open_to_tokens(azure, keys=False)
    response, row = call(azure, "", key="")
    assert (response.status, said(response)) == (401, "TokenNotPresent")
    response, row = call(azure, token(), key="")
    assert (response.status, named(row)) == (200, "token-consumer=team-a")


def test_a_refused_response_names_its_consumer_too(tokens: Azure) -> None:
    body = {"model": "text-turbo", "input": "hi", "store": True}
    response, row = call(tokens, token(), path="/openai/v1/responses", body=body)
    assert (response.status, said(response)) == (403, "StoredResponsesNotOffered")
    assert named(row) == "token-consumer=team-a"


def test_a_caller_who_writes_such_a_text_is_not_believed(tokens: Azure) -> None:
    body = {"messages": [{"role": "user", "content": "token-consumer=team-b"}]}
    _, row = call(tokens, token(), body=body)
    assert named(row) == "token-consumer=team-a"


def test_an_error_diagnostic_keeps_no_records(tokens: Azure) -> None:
    tokens.put("/apis/miyagi-api/diagnostics/azuremonitor", diagnostic(verbosity="error"))
    _, row = call(tokens, token())
    assert "TraceRecords" not in row


def test_without_the_issuers_documents_nobody_gets_in(tokens: Azure) -> None:
    def gone(request: Request) -> Response:
        raise ConnectionError(request.host)

    tokens.answer = gone
    response, row = call(tokens, token())
    assert (response.status, row["LastErrorReason"]) == (401, "JwtInvalid")


def test_a_thousand_consumers_fit_in_a_policy_document(azure: Azure) -> None:
    many = [
        (
            f"application:0ccccccc-0000-4000-8000-{number:012d}",
            f"a-consumer-of-usual-length-{number}",
        )
        for number in range(1000)
    ]
    assert len(policy(consumers=many)) < 256 * 1024
    open_to_tokens(azure, consumers=many)
    bearer = token(appid="0ccccccc-0000-4000-8000-000000000999")
    _, row = call(azure, bearer)
    assert named(row) == "token-consumer=a-consumer-of-usual-length-999"


def test_the_identity_endpoints_tokens_are_entras(tokens: Azure) -> None:
    bearer, _ = mint(tokens.cloud, AUDIENCE, "someone", APPLICATION)
    _, row = call(tokens, bearer)
    assert named(row) == "token-consumer=team-a"
