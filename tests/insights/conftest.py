from __future__ import annotations

from typing import Any

import pytest

from tests.components.harness import run_program
from tests.insights.troubles import CONFIG


@pytest.fixture(scope="session")
def declared() -> dict[str, dict[str, Any]]:
    """Every alert rule that the program registers, by its name in the stack file."""
    run = run_program(CONFIG)
    names = [r.name for r in run.requests.values() if r.name.startswith("alert-")]
    return {name.removeprefix("alert-"): run.inputs(name) for name in names}
