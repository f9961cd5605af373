"""Who may call an account."""

from __future__ import annotations

import pytest

from tests.sandbox.model.conftest import ACCOUNT, CHAT, GROUP, HELLO, Refused, World
from tests.sandbox.seen import reply


def test_own_identity_with_a_role_is_served(world: World) -> None:
    assert world.call().status == 200


@pytest.mark.parametrize("headers", [{"Accept": "*/*"}, {"Authorization": "Bearer forged"}])
def test_without_a_good_token_401(world: World, headers: dict[str, str]) -> None:
    response = world.call(headers=headers)
    assert response.status == 401
    assert "audience is incorrect (https://cogn" in reply(response)["message"]


@pytest.mark.parametrize(
    ("audience", "status"),
    [
        ("https://cognitiveservices.azure.com/", 200),
        ("https://management.azure.com", 401),
    ],
)
def test_audience(world: World, audience: str, status: int) -> None:
    assert world.call(audience=audience).status == status


def test_key_is_refused_in_azures_words(world: World, refused: Refused) -> None:
    status, code, message = refused(world.call(headers={"api-key": "k"}))
    assert (status, code) == (403, "AuthenticationTypeDisabled")
    assert message == "Key based authentication is disabled for this resource."


def test_wrong_key_with_keys_on(world: World, refused: Refused) -> None:
    world.account.properties["disableLocalAuth"] = False
    status, _, message = refused(world.call(headers={"api-key": "k"}))
    assert status == 401
    assert message.startswith("Access denied due to invalid subscription key")


def test_closed_network(world: World, refused: Refused) -> None:
    world.account.properties["publicNetworkAccess"] = "Disabled"
    assert refused(world.call())[0] == 403


def test_no_role_names_the_missing_action(bare: World, refused: Refused) -> None:
    status, code, message = refused(bare.call())
    assert (status, code) == (401, "PermissionDenied")
    assert "`Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action`" in (
        message
    )
    assert "`POST /openai/deployments/{deployment-id}/chat/completions` operation." in message


def test_role_acts_after_its_delay_only(bare: World) -> None:
    grant = bare.grant(ACCOUNT, age=29)
    assert bare.call().status == 401
    grant.created -= 2
    assert bare.call().status == 200


@pytest.mark.parametrize(
    ("scope", "role", "status"),
    [
        (GROUP, "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", 200),
        (ACCOUNT, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", 401),
        (f"{ACCOUNT}-2", "a97b65f3-24c7-4388-baec-2e87135dc908", 401),
    ],
    ids=["above", "owner has no data action", "another account"],
)
def test_scope_and_role(bare: World, scope: str, role: str, status: int) -> None:
    bare.grant(scope, role)
    assert bare.call().status == status


def test_account_without_subdomain_has_no_endpoint(world: World) -> None:
    world.account.properties["customSubDomainName"] = None
    with pytest.raises(ConnectionError, match=r"oai-test\.openai\.azure\.com"):
        world.call()


@pytest.mark.parametrize("version", ["", "?api-version=2023-01-01"])
def test_classic_route_needs_a_known_version(world: World, refused: Refused, version: str) -> None:
    assert refused(world.call(version=version)) == (404, "404", "Resource not found")


def test_v1_takes_no_dated_version(world: World, refused: Refused) -> None:
    body = {**HELLO, "model": "chat"}
    path = "/openai/v1/chat/completions"
    assert world.call(path, body, version="").status == 200
    assert refused(world.call(path, body))[:2] == (400, "BadRequest")


def test_unknown_deployment_and_path(world: World, refused: Refused) -> None:
    assert refused(world.call(CHAT.replace("/chat/", "/no/", 1)))[:2] == (404, "DeploymentNotFound")
    assert refused(world.call("/openai/openai/deployments/chat/chat/completions"))[0] == 404
