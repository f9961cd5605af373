from __future__ import annotations

from pathlib import Path

import pytest

from harness.machine import Machine
from harness.sabotage import several as accounts
from harness.sabotage.site import Site, deploy


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The example stack, deployed once; tests break copies of it."""
    return deploy(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A stack of several accounts, deployed once; no test changes it."""
    return accounts.deploy(tmp_path_factory.mktemp("several"))


@pytest.fixture
def site(deployed: Machine, tmp_path: Path) -> Site:
    """A deployed stack of the test's own."""
    return Site(deployed, tmp_path / "site")
