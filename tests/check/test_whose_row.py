"""A row without content is taken for a call's only where no other call could have left it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.check.conftest import Run
from tests.check.reading import BODIES, LLM, LOGS, ends, lost, of
from tests.check.stack import Row, deployment

pytestmark = pytest.mark.slow

VECTORS: dict[str, Any] = {
    "deployments": [deployment("vectors", "text-embedding-3-small", kind="embeddings")]
}
"""Embeddings have no response id, and with `capture: metadata` no content."""
METADATA: dict[str, Any] = {"capture": "metadata", **VECTORS}


def beside(run: Run, **theirs: Any) -> None:
    """Somebody else's row beside each of ours, otherwise like it."""
    add = run.azure._add

    def both(table: str, row: Row) -> None:
        add(table, row)
        if table == LOGS and row["ResponseCode"] == 200:
            add(table, row | {"CorrelationId": f"{row['CorrelationId']}-theirs"} | theirs)

    run.azure._add = both  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "theirs",
    [
        {"ApimSubscriptionId": "theirs"},
        {"ApiId": "theirs"},
        {"ResponseCode": 429},
        {"Url": "https://apim-x.azure-api.net/openai/deployments/theirs/embeddings"},
    ],
)
def test_a_row_that_must_be_anothers_leaves_ours_the_only_one(run: Run, theirs: Row) -> None:
    beside(run, **theirs)

    assert run("--timeout", "20", **METADATA).verdict == "proven"


def test_a_row_of_another_consumer_does_not_stand_in_for_a_lost_one(run: Run) -> None:
    """Its consumer would be said to be wrong."""
    change = {"ApimSubscriptionId": "theirs", "CorrelationId": "theirs"}
    run.azure.change = {LOGS: lambda row: row | change if row["ResponseCode"] == 200 else row}

    assert of(run("--timeout", "1", **METADATA), "caller")[0] == "timeout"


def test_a_row_with_another_text_is_another_calls(run: Run) -> None:
    """Ours is lost; a prompt that is not ours is no prompt logged wrongly."""
    texts = dict.fromkeys(BODIES, '{"input": "Somebody else\'s."}')
    run.azure.change = {LOGS: lambda row: row | texts if row["ResponseCode"] == 200 else row}

    report = run("--timeout", "1", **VECTORS)

    assert (ends(report)["prompt"], ends(report)["caller"]) == ("timeout", "timeout")


def test_a_chat_is_not_guessed_where_the_llm_log_has_to_tell(run: Run) -> None:
    """Its row may be anybody's until the LLM log gives it the answer's id."""
    handle = run.azure.handle

    def slowly(request: httpx.Request) -> httpx.Response:
        run.clock.time += 15
        answer = handle(request)
        run.clock.time += 15
        answer.headers.pop("date", None)
        return answer

    run.azure.handle = slowly  # type: ignore[method-assign]
    run.azure.change = {LLM: lost}

    report = run("--timeout", "5", capture="metadata")

    assert (ends(report)["caller"], ends(report)["operation"]) == ("timeout", "timeout")
    assert run("--timeout", "5", capture="metadata", llmLogging=False).verdict == "failed"
