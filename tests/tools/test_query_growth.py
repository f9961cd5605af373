"""A query that compares each call with each is over the bar; each query can be measured."""

from __future__ import annotations

from pathlib import Path

import duckdb_kql
import pytest

from queries.library import names
from tools import query_rows
from tools.query_growth import Cost, Growth, cost


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("growth") / "rows.duckdb"
    with duckdb_kql.connect(str(file)) as engine:
        engine.execute(query_rows.statements(200))
    return file


@pytest.mark.parametrize(
    ("seconds", "megabytes", "over"),
    [(10, 10, False), (12, 10, False), (13, 10, True), (100, 10, True), (10, 100, True)],
)
def test_what_grows_faster_than_the_calls_is_over(
    seconds: float, megabytes: float, over: bool
) -> None:
    assert Growth("it", Cost(1, 1), Cost(seconds, megabytes)).over is over


@pytest.mark.parametrize("name", names())
def test_each_query_can_be_measured(rows: Path, name: str) -> None:
    assert cost(name, rows).seconds > 0
