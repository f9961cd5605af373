"""The table of rules in docs/guardrails.md is the catalogue's.

.venv/bin/python -m pytest tests/policies --guardrails
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi_policy import Policy
from rules.catalogue import POLICIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guardrails.md"
HEAD = "| rule | level | wants | parameters |\n|---|---|---|---|\n"


def table() -> str:
    return HEAD + "".join(f"{row}\n" for row in map(_row, POLICIES))


def _row(policy: Policy) -> str:
    assert policy.enforcement_level is not None
    cells = (
        f"`{policy.name}`",
        policy.enforcement_level.value,
        policy.description,
        ", ".join(_parameters(policy)),
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _parameters(policy: Policy) -> Iterator[str]:
    if policy.config_schema:
        for name, schema in policy.config_schema.properties.items():
            yield f"`{name}` {json.dumps(schema['default'])}"


def test_the_table_is_the_catalogues(request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text()
    _, start, rest = text.partition(HEAD)
    assert start
    old = start + "".join(line for line in rest.splitlines(keepends=True) if line.startswith("| `"))
    if request.config.getoption("--guardrails", default=False):
        text = text.replace(old, table())
        PAGE.write_text(text)
    assert table() in text, "run .venv/bin/python -m pytest tests/policies --guardrails"
