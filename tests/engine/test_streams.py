"""Streams where Azure holds them back by whatever body is logged, as its page may mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.engine.stacks import CHECK, QUICK, Stack

WORLD = (*QUICK, "--held-back", "any")


def streams(stack: Stack) -> tuple[str, dict[str, Any]]:
    """The check's verdict, and what it says of streams."""
    file = stack.machine.project / "verdict.json"
    stack.machine.run(*CHECK, "5", "--json", str(file), options=WORLD)
    found = json.loads(file.read_text())
    return found["verdict"], next(one for one in found["proofs"] if one["id"] == "streams")


def test_the_check_claims_no_stream_and_names_cause_and_remedy(
    example: Path, tmp_path: Path
) -> None:
    stack = Stack(example, tmp_path)
    _, told = streams(stack)
    assert told["status"] == "skipped", told
    assert "where request bodies are logged" in told["detail"]
    assert "pulumi config set bodyBytes 0" in json.dumps(told)

    stack.machine.configure(bodyBytes=0)
    stack.pulumi("up", "--yes", "--skip-preview")
    verdict, told = streams(stack)
    assert (verdict, told["status"]) == ("proven", "seen"), told
