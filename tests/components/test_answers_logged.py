"""Whatever the stack file says, a log holds each answer, or a warning says that none does."""

from __future__ import annotations

import pulumi
import pytest

from tests.components.harness import run_without_insights


@pytest.mark.parametrize(
    ("config", "logged", "warning"),
    [
        ({}, 8192, "set llmLogging true to let streams through, or logResponseBodies true"),
        ({"logResponseBodies": "true"}, 8192, ""),
        ({"bodyBytes": "0"}, 0, "no log holds a prompt or an answer"),
        ({"capture": "metadata"}, 0, ""),
    ],
)
def test_without_the_llm_log_answers_are_in_the_gateway_log(
    config: dict[str, str], logged: int, warning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    run = run_without_insights({"llmLogging": "false", **config})
    given = run.inputs("openai-api-diagnostic")
    for side in ("frontend", "backend"):
        assert given[side]["response"]["body"] == {"bytes": logged}
    assert run.stack["proof"]["logResponseBodies"] is (config.get("capture") != "metadata")
    assert len(warned) == bool(warning)
    assert warning in "".join(warned)
