"""Secrets that somebody put into a property are shown in no verdict."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from queries.check.drift import compare, shape
from queries.check.drift.outcome import Drift
from queries.check.drift.state import read
from queries.check.masked import masked
from queries.check.proofs.base import Verdict
from queries.check.proofs.drift import verdict
from queries.check.proofs.findings import verdict as of_routes
from tests.check.arm import POLICY
from tests.check.states import declared, state
from tests.check.test_drift import GROUP, SIGNATURE
from tests.check.ways import HERE, PLACES, gateway
from tests.check.ways import judged as routes

Json = dict[str, Any]


def _forms() -> dict[str, tuple[str, str]]:
    """A new secret in each form that it may have, and the secret itself."""
    key, short = secrets.token_hex(16), secrets.token_urlsafe(9) + "7x"
    long, sealed = "a1B2" + secrets.token_hex(40), b64encode(secrets.token_bytes(64)).decode()
    token = f"eyJhbGciOiJIUzI1NiJ9.{secrets.token_urlsafe(30)}.{secrets.token_urlsafe(20)}"
    return {
        "key": (key, key),
        "long key": (long, long),
        "base64": (sealed, sealed),
        "token": (token, token),
        "bearer": (f"Bearer {short}{short}", short),
        "webhook": (f"https://prod-1.logic.example/triggers/x?api-version=1&sig={short}", short),
        "function": (f"https://f.example/api/x?code={short}", short),
        "user": (f"https://me:{short}@f.example/api", short),
        "connection": (f"Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey={sealed}", sealed),
        "storage": (f"AccountName=x;AccountKey={sealed};EndpointSuffix=y", sealed),
        "policy": (f'<policies><inbound a="{key}" /></policies>', key),
        "expression": (f'<policies><inbound><x y="@("{long}")" /></inbound></policies>', long),
        "json": (json.dumps({"items": [{"key": key}]}), key),
        "within": (f"{'some words, ' * 20}{key}, and more", key),
    }


FORMS = _forms()


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every plain property of a type, by the names that lead to it."""
    if isinstance(tree, dict):
        for name, below in tree.items():
            yield from _leaves(below, (*path, name))
    else:
        yield path


def _with(path: tuple[str, ...], value: Any, *, lists: bool) -> Json:
    for name in reversed(path):
        value = {name: [value] if lists and isinstance(value, dict) else value}
    return dict(value)


def _shown(kind: str, inputs: Json, recorded: Json, now: Json) -> Verdict:
    at = f"{GROUP}/providers/Microsoft.X/things/thing"
    (resource,) = read(state(declared(at, kind, inputs, recorded)))
    found = compare.findings_of(resource, {"id": at, "properties": now})
    return verdict(Drift(resources=1, findings=tuple(found)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", sorted(shape.TABLE))
def test_a_secret_in_any_property_of_any_type_is_not_shown(kind: str, form: str) -> None:
    text, secret = FORMS[form]
    plain = "<policies><inbound /></policies>" if text[0] == "<" else f"{text[:8]}plain"
    plain = '{"items": [{"key": "a"}]}' if text[0] == "{" else plain
    told = 0
    for path in _leaves(shape.settable(kind)):
        if path[-1] in {"id", "name", "type"}:
            continue
        for lists in {False, len(path) > 1}:
            before, after = (_with(path, one, lists=lists) for one in (plain, text))
            for inputs, recorded, now in (
                (before, before, after),
                ({}, before, after),
                ({}, {}, after),
                (after, before, before),
            ):
                found = _shown(kind, inputs, recorded, now)
                told += found.status != "seen"
                assert secret not in f"{found.detail} {found.fix} {found.parts}", path
    assert told


def test_what_is_added_beside_secrets_is_hidden_whatever_it_looks_like() -> None:
    sealed: Json = {"name": "a", "serviceUri": SIGNATURE | {"plaintext": '"x"'}}
    there: Json = {"name": "a", "serviceUri": "x"}
    for extra in ({"name": "b", "serviceUri": "hunter2"}, {"name": "hunter2"}):
        inputs = {"webhookReceivers": [sealed]}
        found = _shown("monitor:ActionGroup", inputs, inputs, {"webhookReceivers": [there, extra]})
        assert (found.status, "webhookReceivers[1]" in found.detail) == ("failed", True)
        assert "declared by nobody" in found.detail
        assert "hunter2" not in found.detail
        moved = _shown("monitor:ActionGroup", inputs, inputs, {"webhookReceivers": "hunter2"})
        assert (moved.status, "hunter2" in moved.detail) == ("failed", False)


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_any_property_of_the_gateway_is_not_shown(form: str) -> None:
    text, secret = FORMS[form]
    healthy = gateway("api", "pool", HERE, "named value", "when").resources
    for resource, body in healthy.items():
        for path in _leaves(body.get("properties") or {}):
            world = gateway("api", "pool", HERE, "named value", "when")
            if not isinstance(body["properties"].get(path[0]), dict):
                world.set(resource, ".".join(path), text)
                found = routes(world)
                said = of_routes("routes", found)
                assert secret not in f"{said.detail} {said.fix} {found.differences}", path
    world = gateway("api", "base-url", text.replace('"', ""), "literal", "always")
    world.resources[PLACES["service"]] = world.resources[PLACES["api"]]
    assert secret not in str(routes(world))
    policy = str(healthy[POLICY]["properties"]["value"])
    sent = policy.replace(HERE, text.replace('"', "").replace("<", ""))
    world.set(POLICY, "value", sent)
    found = routes(world)
    assert secret not in str(found)
    assert "where calls of the stack's API go" in str(found.differences)


@pytest.mark.parametrize(
    "text",
    [
        "https://oai-x.openai.azure.com/openai",
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-openai-abc123/x;rev=2",
        "PT1H",
        "ApiManagementGatewayLogs | where ResponseCode == 200 | extend key=tostring(x)",
        "sha256:short",
        "frontend.request.body.bytes",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


def test_two_secrets_that_differ_are_told_apart_though_not_shown() -> None:
    first, second = ({"publisherName": FORMS[form][0]} for form in ("key", "long key"))
    found = _shown("apimanagement:ApiManagementService", first, first, second)
    assert "publisherName of the ApiManagementService thing is *** (another), declared ***" in (
        found.detail
    )
