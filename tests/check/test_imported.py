"""Operations of an API against the document that it was made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queries.check.proofs.base import Verdict
from tests.check.states import declared
from tests.check.test_drift import SERVICE, SIGNATURE, judged

Json = dict[str, Any]
AT = f"{SERVICE}/apis/a"
TWO: Json = {
    "paths": {
        "/chat": {"post": {"operationId": "Chat", "responses": {"200": {}}}},
        "/list": {"get": {"operationId": "List"}},
    }
}


def operation(name: str, method: str, template: str) -> Json:
    body = {"method": method, "urlTemplate": template}
    return {"id": f"{AT}/operations/{name}", "name": name, "properties": body}


ALL = [operation("Chat", "POST", "/chat"), operation("List", "GET", "/list")]


def of(value: Any, there: list[Json], kind: str = "openapi") -> Verdict:
    """Judge an API that was imported from a document, and has these operations."""
    inputs = {"path": "openai", "format": kind, "value": value}
    api = declared(AT, "apimanagement:Api", inputs, {"path": "openai"})
    answer: Json = {"id": AT, "properties": {"path": "openai"}}
    return judged(api, **{AT: answer, f"{AT}/operations": {"value": there}})


@pytest.mark.parametrize("there", [ALL, []], ids=["whole", "all deleted"])
@pytest.mark.parametrize(
    ("value", "kind", "why"),
    [
        ("https://example.com/a.json?sig=hunter2", "openapi-link", "imported as openapi-link"),
        ("paths: [", "openapi", "cannot be read (ParserError)"),
        ("{", "openapi+json", "cannot be read (JSONDecodeError)"),
        ("paths: {}", "openapi", "without operations"),
        ("", "openapi", "cannot be read (TypeError)"),
        (SIGNATURE | {"ciphertext": "x"}, "openapi", "is a secret of the state"),
    ],
)
def test_a_document_that_cannot_be_read_leaves_the_operations_unjudged_by_name(
    value: Any, kind: str, why: str, there: list[Json]
) -> None:
    found = of(value, there, kind)
    assert (found.status, why in found.detail) == ("unjudged", True), found.detail
    assert "operations of the Api a" in found.parts
    assert "apiDocument" in found.fix or kind == "openapi"
    assert "hunter2" not in found.detail


def test_the_operations_are_those_of_the_document() -> None:
    assert of(json.dumps(TWO), ALL, "openapi+json").status == "seen"
    for one in ALL:
        lost = of(json.dumps(TWO), [other for other in ALL if other is not one])
        assert (lost.status, "is missing" in lost.detail) == ("failed", True)
        more = of(json.dumps(TWO), [*ALL, operation("x", "GET", "/x")])
        assert "operation GET /x of the Api a is there, declared by nobody" in more.detail


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("one", ALL, ids=["POST", "GET"])
def test_none_hides_behind_another_of_its_method_and_path(one: Json, first: bool) -> None:
    body = one["properties"]
    second = operation("second", body["method"], f"{body['urlTemplate']}?a={{a}}")
    found = of(json.dumps(TWO), [second, *ALL] if first else [*ALL, second])
    where = f"{body['method']} {body['urlTemplate']} of the Api a is there, declared by nobody"
    assert (found.status, f"second, a second operation {where}" in found.detail) == ("failed", True)
