from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The engine runs the pack from its own folder, so its modules are found there.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "policies" / "guardrails"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--guardrails",
        action="store_true",
        help="rewrite the table in docs/guardrails.md with the rules that the pack has now",
    )
