"""Who gets through the gateway, to where, and with which words the others are refused."""

import pytest

from sandbox.errors import NotModelledError
from sandbox.http import Response
from sandbox.identity import verify
from tests.sandbox.gateway.conftest import API, CHAT, PRINCIPAL, SERVICE, Azure
from tests.sandbox.seen import reply

MISSING = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
INVALID = (
    "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription."
)


def message(response: Response) -> str:
    body = reply(response)
    assert body["statusCode"] == response.status
    return str(body["message"])


def test_a_call_reaches_the_account_with_the_gateways_token_and_no_key(azure: Azure) -> None:
    response = azure.call(f"{CHAT}?api-version=2024-10-21&subscription-key=abc")
    assert response.status == 200
    [sent] = azure.sent
    assert sent.url == (
        "https://oai-x.openai.azure.com/openai/deployments/text-turbo/chat/completions"
        "?api-version=2024-10-21"
    )
    assert "api-key" not in sent.headers
    assert "Connection" not in sent.headers
    claims = verify(azure.cloud, sent.headers.get("Authorization").removeprefix("Bearer "))
    assert claims
    assert claims.audience == "https://cognitiveservices.azure.com"
    assert claims.object_id == PRINCIPAL


@pytest.mark.parametrize("which", ["primary", "secondary"])
def test_both_keys_work_in_header_and_query(azure: Azure, which: str) -> None:
    key = azure.key(which=which)
    assert azure.call(key=key).status == 200
    assert azure.call(f"{CHAT}?subscription-key={key}", key=None).status == 200


def test_missing_and_wrong_keys_are_refused_in_azures_words(azure: Azure) -> None:
    missing, wrong = azure.call(key=None), azure.call(key="0" * 32)
    assert (missing.status, message(missing)) == (401, MISSING)
    assert (wrong.status, message(wrong)) == (401, INVALID)
    assert not azure.sent


@pytest.mark.parametrize(
    ("path", "properties"),
    [
        ("/subscriptions/aoai-test", {"scope": f"{SERVICE}/products/OpenAi", "state": "suspended"}),
        ("/subscriptions/aoai-test", {"scope": f"{SERVICE}/products/Other", "state": "active"}),
        ("/subscriptions/aoai-test", {"scope": f"{API}-2", "state": "active"}),
        ("/products/OpenAi", {"state": "notPublished"}),
        ("/products/OpenAi/apiLinks/miyagi-api", {"apiId": f"{API}-2"}),
    ],
)
def test_a_key_that_does_not_cover_the_api_is_invalid(
    azure: Azure, path: str, properties: dict[str, str]
) -> None:
    azure.put("/products/Other", {"state": "published"})
    azure.put(path, properties)
    refused = azure.call()
    assert (refused.status, message(refused)) == (401, INVALID)


@pytest.mark.parametrize(
    "scope", [API, f"{SERVICE}/apis", "/apis", f"{SERVICE}/", "/products/openai"]
)
def test_every_scope_that_covers_the_api_lets_through(azure: Azure, scope: str) -> None:
    azure.put("/subscriptions/aoai-test", {"scope": scope, "state": "active"})
    assert azure.call().status == 200
    [row] = azure.logged()
    assert row["ApimSubscriptionId"] == "aoai-test"
    assert row["ProductId"] == ("OpenAi" if "products" in scope else "")


def test_an_api_without_subscription_needs_no_key(azure: Azure) -> None:
    azure.put("/apis/open", {"path": "openai/open", "subscriptionRequired": False})
    azure.put("/apis/open/operations/ping", {"method": "GET", "urlTemplate": "/ping"})
    azure.put("/apis/open/policies/policy", {"value": "<policies><backend/></policies>"})
    assert azure.call("/openai/open/ping", key=None, method="GET").status == 200
    assert azure.call("/openai/openly/ping", key=None, method="GET").status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CHAT),
        ("POST", "/deployments/text-turbo/chat/completions"),
        ("POST", "/openai/openai/deployments/text-turbo/chat/completions"),
        ("GET", "/openai/v1/models"),
        ("GET", "/openai/v1/models/a/b"),
    ],
)
def test_what_matches_no_operation_is_404(azure: Azure, method: str, path: str) -> None:
    response = azure.call(path, method=method)
    assert (response.status, message(response)) == (404, "Resource not found")


def test_a_query_parameter_in_the_template_is_required(azure: Azure) -> None:
    azure.operation("List", "GET", "/v1/files?api-version={api-version}")
    assert azure.call("/openai/v1/files", method="GET").status == 404
    assert azure.call("/openai/v1/files?api-version=v1", method="GET").status == 200


def test_a_literal_operation_wins_over_a_template(azure: Azure) -> None:
    azure.operation("Special", "GET", "/v1/models/special")
    azure.call("/openai/v1/models/special", method="GET")
    azure.call("/openai/v1/models/other", method="GET")
    assert [row["OperationId"] for row in azure.logged()] == ["Special", "V1_Models_Get"]


def test_an_unknown_host_has_no_gateway(azure: Azure) -> None:
    with pytest.raises(ConnectionError, match="could not be resolved"):
        azure.call(host="apim-y.azure-api.net")


def test_without_identity_the_call_fails_inside_the_gateway(azure: Azure) -> None:
    azure.put("", {"gatewayUrl": "https://apim-x.azure-api.net"})
    response = azure.call()
    assert (response.status, message(response)) == (500, "Internal server error")
    assert azure.logged()[0]["LastErrorSource"] == "authentication-managed-identity"
    assert not azure.sent


def test_without_a_policy_the_web_service_url_gets_the_call_as_it_is(azure: Azure) -> None:
    with azure.cloud.change():
        azure.cloud.remove(f"{API}/policies/policy")
    azure.call()
    [sent] = azure.sent
    assert sent.host == "nowhere.example"
    assert sent.path == "/deployments/text-turbo/chat/completions"
    assert sent.headers.get("api-key") == azure.key()


def test_policies_of_every_scope_run_where_base_says(azure: Azure) -> None:
    def policy(name: str, action: str, value: str) -> dict[str, str]:
        header = (
            f'<set-header name="X" exists-action="{action}"><value>{value}</value></set-header>'
        )
        return {
            "value": f"<policies><inbound><base/>{header}</inbound><outbound>"
            f'<base/><set-header name="{name}"><value>yes</value></set-header>'
            "</outbound></policies>"
        }

    azure.put("/products/OpenAi/policies/policy", policy("Product", "append", "product"))
    azure.put("/apis/miyagi-api/policies/policy", policy("Api", "append", "api"))
    operation = "/apis/miyagi-api/operations/ChatCompletions_Create/policies/policy"
    azure.put(operation, policy("Operation", "skip", "never"))
    response = azure.call()
    assert azure.sent[0].headers.get("X") == "product,api"
    assert {"Product", "Api", "Operation"} <= {name for name, _ in response.headers}


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("<rate-limit calls='1' renewal-period='1'/>", "rate-limit"),
        ("<set-backend-service backend-id='pool'/>", "no backend pool"),
        ("<set-header name='X'><value>@(context.RequestId)</value></set-header>", "expression"),
        ("<set-backend-service base-url='{{url}}'/>", "named value"),
    ],
)
def test_what_is_not_modelled_is_named_and_never_passed_over(
    azure: Azure, statement: str, named: str
) -> None:
    policy = f"<policies><inbound>{statement}</inbound><backend><base/></backend></policies>"
    azure.put("/apis/miyagi-api/policies/policy", {"value": policy})
    with pytest.raises(NotModelledError, match=named):
        azure.call()
    assert not azure.sent


def test_an_unreachable_backend_is_an_internal_error(azure: Azure) -> None:
    def unreachable(_: object) -> Response:
        raise ConnectionError("The remote name could not be resolved")

    azure.answer = unreachable
    response = azure.call()
    assert (response.status, message(response)) == (500, "Internal server error")
    [row] = azure.logged()
    assert row["LastErrorReason"] == "BackendConnectionFailure"
    assert row["LastErrorMessage"] == "The remote name could not be resolved"
    assert "BackendResponseCode" not in row
