from __future__ import annotations

import atexit
import gc

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden",
        action="store_true",
        help="rewrite tests/previews/golden with what the previews show now",
    )


def pytest_unconfigure() -> None:
    """Undo what the program asks for at its end: DuckDB would call what is left alive a leak."""
    atexit.unregister(gc.freeze)
