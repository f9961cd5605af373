from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from harness.example import EMBEDDINGS, example_config
from harness.machine import Machine
from tests.engine.stacks import QUICK


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """The example stack, not deployed yet."""
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud of the example stack, deployed once for all workers; `Stack` copies it.

    https://pytest-xdist.readthedocs.io/en/stable/how-to.html#making-session-scoped-fixtures-execute-only-once
    """
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    done = root / "example" / "done"
    with (root / "example.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            Machine(done.parent).up(options=QUICK)
            done.touch()
    return done.parent / "cloud"


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The example stack with an embedding model beside it, deployed; tests only read and call."""
    made = Machine(tmp_path_factory.mktemp("deployed"))
    made.configure(deployments=[*example_config()["deployments"], EMBEDDINGS])
    made.up()
    return made
