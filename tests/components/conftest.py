from __future__ import annotations

import pytest

from tests.components.harness import Run, run_program


@pytest.fixture(scope="session")
def example() -> Run:
    """The example stack, deployed."""
    return run_program()
