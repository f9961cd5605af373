from __future__ import annotations

from pathlib import Path

import pytest

from tests.preflight.region import Region


@pytest.fixture
def region(tmp_path: Path) -> Region:
    """An empty subscription."""
    return Region(tmp_path / "cloud")
