"""The header that tells an answer's tokens is written by the policy, and logged."""

from __future__ import annotations

import pytest

from components.openai_api import policy
from queries.outputs import target
from tests.check.arm import DIAGNOSTIC, POLICY, XML, Arm
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.several import configuration
from tests.check.stack import outputs

NAME = "x-gateway-accounting"
STACK = target(outputs(accountingHeader=NAME))
WRITTEN = XML.replace("x-told", NAME)
HEADERS = "frontend.response.headers"


def whole() -> Arm:
    made = Arm()
    made.tell(NAME)
    return made


def paths(made: Arm) -> list[str]:
    return [one.path for one in configuration(made, STACK).declared().differences]


def test_a_header_that_is_written_and_logged_is_as_declared() -> None:
    made = whole()
    assert paths(made) == []
    made.set(DIAGNOSTIC, HEADERS, ["x-other", NAME.upper()])
    made.set(
        POLICY,
        "value",
        policy.render(audience="https://a.example", backend_url="https://b.example/c", timeout=600),
    )
    assert paths(made) == []


@pytest.mark.parametrize("headers", [[], None, ["x-other"]])
def test_a_header_that_is_not_logged_fails(headers: list[str] | None) -> None:
    made = whole()
    made.set(DIAGNOSTIC, HEADERS, headers)
    (path,) = paths(made)
    assert NAME in path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'name="{NAME}"', 'name="x-other"'),
        (f'name="{NAME}"', f'name="{NAME}" exists-action="delete"'),
        ("<outbound>", "<outbound><base /></outbound><on-error>"),
    ],
)
def test_a_header_that_the_policy_does_not_write_fails(old: str, new: str) -> None:
    text = WRITTEN.replace(old, new)
    if "on-error" in new:
        text = text.replace("</outbound></policies>", "</on-error></policies>")
    made = whole()
    made.set(POLICY, "value", text)
    (path,) = paths(made)
    assert NAME in path


def test_the_proof_fails_though_no_row_holds_any_header(run: Run) -> None:
    run.deployed_otherwise = True
    status, detail, _ = of(run("--timeout", "20", accountingHeader=NAME), "declared")
    assert status == "failed"
    assert NAME in detail
