"""The check calls what the imported document offers, and says what it lacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.check.answers import OPERATIONS
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.stack import deployment

pytestmark = pytest.mark.slow

V1 = {f"POST /v1/{name}": operation for name, operation in OPERATIONS.items()}
BOTH = [deployment(capacity=100), deployment("small", "text-embedding-3-small", kind="embeddings")]


@pytest.mark.parametrize("more", [{}, {"logResponseBodies": False, "accountingHeader": "x-told"}])
def test_a_document_of_v1_is_proven_by_calls_that_name_the_deployment_in_the_body(
    run: Run, more: dict[str, Any]
) -> None:
    report = run(operations=V1, deployments=BOTH, **more)

    assert report.verdict == "proven", run.screen.getvalue()
    made = run.azure.requests
    assert {str(one.url.path) for one in made} == {
        f"/openai/v1/{name}" for name in ("chat/completions", "embeddings", "responses")
    }
    assert not any(one.url.query for one in made)
    assert {json.loads(one.content)["model"] for one in made} == {one["name"] for one in BOTH}


def test_a_model_of_another_publisher_is_called_on_v1_alone(run: Run) -> None:
    """Its body has the older name of the limit, which OpenAI's reasoning models refuse."""
    operations = {"POST /deployments/{deployment-id}/chat/completions": "ChatCompletions_Create"}
    grok = deployment("grok", "grok-4-1-fast-reasoning", format="xAI", capacity=100)
    report = run(operations=operations | V1, deployments=[deployment(), grok])

    assert report.verdict == "proven", run.screen.getvalue()
    bodies = [json.loads(one.content) for one in run.azure.requests]
    assert {one.url.path for one in run.azure.requests if b"grok" in one.content} == {
        "/openai/v1/chat/completions",
        "/openai/v1/responses",
    }
    assert all("max_completion_tokens" not in one for one in bodies if one.get("model") == "grok")


def test_parameters_of_a_path_may_have_any_name(run: Run) -> None:
    report = run(
        operations={
            "POST /deployments/{deployment_id}/chat/completions": "ChatCompletions_Create",
            "POST /v1/responses": "V1_Responses_Create",
        }
    )

    assert report.verdict == "proven", run.screen.getvalue()
    assert of(report, "operation")[0] == "seen"


def test_what_the_document_lacks_is_not_called_and_said(run: Run) -> None:
    report = run(operations={"POST /v1/responses": OPERATIONS["responses"]})

    assert (
        "left out text-turbo (chat): the imported document has no operation"
        in of(report, "call")[1]
    )
    assert {one.url.path for one in run.azure.requests} == {"/openai/v1/responses"}


def test_a_document_in_which_nothing_can_be_called_proves_nothing(run: Run) -> None:
    report = run(operations={"POST /v1/embeddings": OPERATIONS["embeddings"]})

    assert report.verdict == "failed"
    status, detail, fix = of(report, "call")
    assert (status, "no call could be made" in detail) == ("failed", True)
    assert "apiDocument" in fix
