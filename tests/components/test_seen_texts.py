"""No text that Azure is given hides its changes from Pulumi: none holds a whole ARM id.

https://github.com/pulumi/pulumi-azure-native/issues/3620
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import json_format

from tests.components import harness
from tests.components.harness import SUBSCRIPTION, Json, Run, run_program
from tests.components.test_existing import (
    GATEWAY,
    GET_SERVICE,
    SERVICE,
    WORKSPACE,
    WORKSPACE_ANSWER,
)
from tests.components.test_insights import RECEIVERS

HOLDS_AN_ID = re.compile("/subscriptions/.+/resourceGroups/", re.IGNORECASE | re.DOTALL)
IS_AN_ID = re.compile(r"/subscriptions/[\w-]+/resourceGroups(/[\w.()-]+)+", re.IGNORECASE)
THINGS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Test/things"
EVERYTHING = RECEIVERS | {
    "consumers": [{"name": "a", "displayName": "A", "monthlyTokens": 9, "monthlyCost": 9}],
    "prices": {"gpt-5.1": {"input": 1, "output": 2}},
}


class WithArmIds(harness.Azure):
    """Gives out ids as Azure makes them."""

    def new_resource(self, args: Any) -> tuple[str | None, Json]:
        _, outputs = super().new_resource(args)
        return f"{THINGS}/{args.name}", outputs


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text at any depth, with its path."""
    match value:
        case str():
            yield path, value
        case dict():
            for key, part in value.items():
                yield from texts(part, f"{path}.{key}")
        case list():
            for index, part in enumerate(value):
                yield from texts(part, f"{path}[{index}]")


def hidden(inputs: Json) -> list[str]:
    """Paths of the texts beside whose ids a change would not be seen."""
    found = ((path, text) for path, text in texts(inputs) if HOLDS_AN_ID.search(text))
    return [path for path, text in found if not IS_AN_ID.fullmatch(text)]


@pytest.fixture(params=["own", "existing"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(harness, "Azure", WithArmIds)
    if request.param == "own":
        return run_program(EVERYTHING)
    answers = {GET_SERVICE: SERVICE, **WORKSPACE_ANSWER}
    given = {"gatewayId": GATEWAY, "workspaceId": WORKSPACE}
    return run_program({**EVERYTHING, **given}, answers=answers)


def test_no_text_holds_a_whole_arm_id(run: Run) -> None:
    registered = [request for request in run.requests.values() if request.custom]
    found = {
        request.name: paths
        for request in registered
        if (paths := hidden(json_format.MessageToDict(request.object)))
    }

    assert len(registered) > 50
    assert found == {}, "Pulumi would not see these texts change"


def test_ids_themselves_are_there_to_be_found(run: Run) -> None:
    """The stand-ins for Azure's ids reach the texts, else the test above could not fail."""
    figures = run.inputs("figures")["query"]
    assert f'account = strcat("/subscriptions", "/{SUBSCRIPTION}/resourceGroups/rg/' in figures
    document = json.loads(run.inputs("workbook")["serializedData"])
    assert document["fallbackResourceIds"][0].startswith("/subscriptions/")
    assert document["fallbackResourceIds"][0].partition("/resourceGroups/")[1]


@pytest.mark.parametrize(
    ("value", "hides"),
    [
        (f"{THINGS}/a", False),
        (f"{THINGS}/a/b/c", False),
        (f'let account = "{THINGS}/a";', True),
        (f"{THINGS}/a and more", True),
        ("/subscriptions/0/providers/Microsoft.Authorization/roleDefinitions/1", False),
        ("print 1", False),
    ],
)
def test_a_value_may_be_an_id_and_a_text_may_not_hold_one(value: str, *, hides: bool) -> None:
    assert hidden({"criteria": {"allOf": [{"query": value}]}}) == (
        [".criteria.allOf[0].query"] if hides else []
    )
