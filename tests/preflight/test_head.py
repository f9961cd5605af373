"""The program asks at its head: only in an update, only if something is to be created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pulumi
import pytest

from components.azure.own_state import STATE
from components.preflight import ask
from components.preflight.facts import Azure
from tests.components.harness import Json, Refused, Run, run_without_insights
from tests.preflight import test_accounts as several
from tests.preflight.region import DEPLOYMENT, Region
from tests.preflight.test_models import held

CLIENT = "azure-native:authorization:getClientConfig"
TOKEN = "azure-native:authorization:getClientToken"
CLOSED = [DEPLOYMENT | {"model": "gpt-5.1", "version": "2025-11-13"}]


def state(*resources: Any) -> Json:
    """What the engine tells of the stack's resources."""
    return {"outputs": {one.urn or str(n): vars(one) for n, one in enumerate(resources)}}


@pytest.fixture
def asked(region: Region, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """With what the program asks Azure: subscription, and token."""
    seen: list[tuple[Any, ...]] = []

    def azure_of(_: Any, subscription: str, __: float, token: str = "") -> Azure:
        seen.append((subscription, token))
        return region.azure()

    monkeypatch.setattr(ask, "azure_of", azure_of)
    return seen


def run(
    config: Json, resources: tuple[Any, ...] = (), *, preview: bool = False, **answers: Any
) -> Run:
    told: Mapping[str, Any] = {
        STATE: state(*resources),
        CLIENT: {"subscriptionId": "the-subscription"},
        TOKEN: {"token": "the-token"},
        **{name.replace("_", ":"): answer for name, answer in answers.items()},
    }
    return run_without_insights({"preflight": "true", **config}, preview=preview, answers=told)


def test_a_good_stack_is_asked_for_as_the_provider_and_declared(asked: list[Any]) -> None:
    done = run({})
    assert asked == [("the-subscription", "the-token")]
    assert done.request("gateway")


def test_what_azure_would_refuse_stops_every_creation_and_change(asked: list[Any]) -> None:
    """The engine runs the hooks: `tests/engine/test_preflight.py` has what becomes of that."""
    done = run({"deployments": CLOSED})
    assert asked
    for request in done.requests.values():
        made = request.custom and not request.type.startswith("pulumi:providers:")
        assert ("preflight" in request.hooks.before_create) is made, request.type
        assert ("preflight" in request.hooks.before_update) is made, request.type
    assert not run({}).request("gateway").hooks.before_create


@pytest.mark.parametrize(
    "config",
    [
        {"deployments": CLOSED},
        {"location": "westeurope", "deployments": CLOSED},
    ],
)
def test_what_would_be_deleted_for_it_ends_the_program(config: Json, asked: list[Any]) -> None:
    with pytest.raises(pulumi.RunError, match=r"gpt-5\.1 2025-11-13 is closed") as caught:
        run(config, held())
    assert asked
    assert "Nothing was changed" in str(caught.value)
    assert "`pulumi destroy` works without --run-program" in str(caught.value)


@pytest.mark.parametrize(
    "more", [{"preview": True}, {"resources": held()}, {"config": {"preflight": "false"}}]
)
def test_a_preview_an_unchanged_stack_and_a_stack_without_preflight_ask_nothing(
    more: dict[str, Any], asked: list[Any]
) -> None:
    config = {"deployments": CLOSED, **more.pop("config", {})}
    if "resources" in more:
        config = {}
    run(config, **more)
    assert asked == []


def test_a_preview_does_not_even_ask_the_engine(asked: list[Any]) -> None:
    done = run({}, preview=True)
    assert STATE not in [token for token, _ in done.azure.calls]
    assert asked == []


@pytest.mark.parametrize("token", [STATE, TOKEN])
def test_without_state_or_identity_the_update_goes_on_with_a_warning(
    token: str, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: warned.append(text))
    done = run({"deployments": CLOSED}, **{token.replace(":", "_"): Refused("no such thing")})
    assert done.request("gateway")
    assert asked == []
    assert "preflight: nothing verified" in warned[0]
    assert "no such thing" in warned[0]


def test_what_is_unverified_is_a_warning(
    region: Region, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: warned.append(text))
    region.answers["/usages"] = httpx.Response(403)
    assert run({}).request("gateway")
    assert asked
    assert "unverified  quota" in warned[0]
    assert "HTTP 403" in warned[0]
    assert "fine" not in warned[0]


@pytest.mark.parametrize(
    ("end", "waits"), [("none", False), ("/models", True), ("/usages", True), ("/skus", False)]
)
def test_the_gateway_waits_for_deployments_of_which_nobody_knows(
    end: str, waits: bool, region: Region, asked: list[Any]
) -> None:
    region.answers[end] = httpx.Response(403)
    after = list(run({}).request("gateway").dependencies)
    assert asked
    assert any("::deployment-text-turbo" in one for one in after) is waits


@pytest.mark.parametrize(("preflight", "waits"), [("false", True), ("true", False)])
def test_without_preflight_it_waits_in_the_preview_too(preflight: str, waits: bool) -> None:
    after = list(run({"preflight": preflight}, preview=True).request("gateway").dependencies)
    assert any("::deployment-text-turbo" in one for one in after) is waits


def test_every_account_is_asked_for_before_the_first_is_created(
    region: Region, asked: list[Any]
) -> None:
    """The accounts are created ones: an existing one is looked up by the program as well."""
    three = several.stack(*several.FOUR[:3])
    fine = run(three).request("gateway")
    assert not fine.hooks.before_create
    assert not any("::deployment-" in one for one in fine.dependencies)
    run(three, several.held(*several.FOUR[:3]))
    assert len(asked) == 1, "a deployed stack asks nothing"
    region.answers["swedencentral/usages"] = httpx.Response(403)
    after = run(three).request("gateway").dependencies
    last = {one.rpartition("::")[2] for one in after if "::deployment-" in one}
    assert {"deployment-east-chat", "deployment-also-chat", "deployment-sweden-deep"} <= last
    del region.answers["swedencentral/usages"]
    several.without_quota(several.HERE, "swedencentral")(region)
    assert run(three).request("openai-account-east").hooks.before_create
    grown = several.FOUR[0] | {"deployments": [several.CHAT]}
    with pytest.raises(pulumi.RunError, match=r"swedencentral has 5 left; sweden/chat: 10 wanted"):
        run(three, several.held(grown, *several.FOUR[1:2], several.FOUR[2] | {"deployments": []}))


def test_the_engine_is_asked_for_this_stack() -> None:
    done = run({}, held())
    [arguments] = [given for token, given in done.azure.calls if token == STATE]
    assert arguments["stackName"].split("/")[-1] == "dev"
