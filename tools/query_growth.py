"""Ask every query over a hundred thousand and a million calls: time, memory and how both grow.

Each query runs alone in a process of its own, which opens the rows as a file: so its memory is its
own, with the pages of the tables that it reads. Time is of the processor, whatever else the machine
does, and without the translation of KQL, which does not grow.
"""

from __future__ import annotations

import math
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import duckdb_kql
from duckdb_kql.engine import schema

from queries.library import Value, has, names, render
from tools import query_rows

T = TypeVar("T")
FEW, MANY = 100_000, 1_000_000
TRIES = 3
"""Most measures of a query: what else the machine does only adds to one."""
BAR = 1.1
"""The exponent of a query's time over its calls: 1 is in proportion, 2 compares each with each."""
OWN: dict[str, Value] = {
    "gateway": query_rows.GATEWAY,
    "account": query_rows.ACCOUNT,
    "api": "miyagi-api",
    "budgets": {"consumer-1": {"tokens": 1_000_000, "cost": 50}},
    "prices": {"gpt": {"input": 2.0, "output": 10.0}},
    "capacities": {"model-0": 10},
    "retirements": {"model-0": {"model": "gpt", "retires": "2099-02-14"}},
}


@dataclass(frozen=True)
class Cost:
    """What one query over one number of calls takes: CPU seconds, and megabytes."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Growth:
    """A query's cost over the few calls and over the many."""

    name: str
    few: Cost
    many: Cost

    @property
    def exponent(self) -> float:
        """Return the power of the number of calls with which the query's time grows."""
        return _power(self.few.seconds, self.many.seconds)

    @property
    def memory_exponent(self) -> float:
        """Return the power of the number of calls with which the query's memory grows."""
        return _power(self.few.megabytes, self.many.megabytes)

    @property
    def over(self) -> bool:
        """Tell whether time or memory grows faster than the bar allows."""
        return max(self.exponent, self.memory_exponent) > BAR


def measure(chosen: Iterable[str] = ()) -> Iterator[Growth]:
    """Measure these queries, or all of them, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        files = {calls: Path(folder, f"{calls}.duckdb") for calls in (FEW, MANY)}
        for calls, file in files.items():
            _alone(_store, calls, file)
        for name in chosen or names():
            yield _least(name, files.values())


def _least(name: str, files: Iterable[Path]) -> Growth:
    """Measure a query until it grows within the bar, some times at most; the least counts."""
    measured = list[Growth]()
    while len(measured) < TRIES and all(one.over for one in measured):
        measured.append(Growth(name, *(_alone(cost, name, file) for file in files)))
    return min(measured, key=lambda one: (one.over, one.exponent))


def cost(name: str, file: Path) -> Cost:
    """Ask one query in this process, and measure what that takes."""
    with duckdb_kql.connect(str(file)) as engine:
        engine.execute("SET enable_progress_bar = false; SET threads = 2")
        own = {key: value for key, value in OWN.items() if has(name, key)}
        text = render(name, since=query_rows.START, until=query_rows.END, **own)
        sql = duckdb_kql.to_sql(text, schema=schema(engine))
        before, began = _peak(), time.process_time()
        engine.execute(sql).fetchall()
        return Cost(time.process_time() - began, max(_peak() - before, 1.0))


def _power(few: float, many: float) -> float:
    return math.log(many / few) / math.log(MANY / FEW)


def _store(calls: int, file: Path) -> None:
    with duckdb_kql.connect(str(file)) as engine:
        engine.execute("SET enable_progress_bar = false; SET threads = 2")
        engine.execute(query_rows.statements(calls))


def _alone(ask: Callable[..., T], *given: Any) -> T:
    """Call in a process of its own, so that its memory is its own."""
    with get_context("fork").Pool(1) as pool:
        return pool.apply(ask, given)


def _peak() -> float:
    """Return the most memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def said(one: Growth) -> str:
    """Return a query's costs in words."""
    costs = (f"{c.seconds:.2f} s and {c.megabytes:,.0f} MB" for c in (one.few, one.many))
    return f"{' to '.join(costs)}; memory ^{one.memory_exponent:.2f}"
