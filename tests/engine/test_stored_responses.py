"""A stack that offers stored responses: the tokens of one in the background are known too."""

from __future__ import annotations

from pathlib import Path

from harness.machine import Machine
from tests.engine.stacks import CHECK, QUICK


def test_the_check_demands_the_tokens_of_a_response_in_the_background(tmp_path: Path) -> None:
    stack = Machine(tmp_path)
    stack.configure(storedResponses="share")
    stack.up(options=QUICK)
    done = stack.run(*CHECK, "5", options=QUICK)

    assert done.status == 0, done.text
    assert "(in the background): " in done.text
