from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.machine import Machine
from tests.example import EMBEDDINGS, example_config


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """The example stack, not deployed yet."""
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The example stack with an embedding model beside it, deployed; tests only read and call."""
    made = Machine(tmp_path_factory.mktemp("deployed"))
    made.configure(deployments=[*example_config()["deployments"], EMBEDDINGS])
    made.up()
    return made
