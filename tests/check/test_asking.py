"""A look asks at once what waits for no other's answer, and takes the answers in a fixed order."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

import pytest

from queries.check.asking import AT_ONCE, Asking
from queries.check.rows import LINKING, SOURCES, WAVES, Source
from queries.pages import Paged
from queries.workspace import LogAnalytics, NotYetError, RefusedError

NAMES: tuple[Source, ...] = WAVES[-1]


class Workspace:
    """Answers the later the earlier a question was asked, and counts those under way."""

    def __init__(self, faults: dict[str, Exception] | None = None) -> None:
        self.faults, self.under_way, self.most = faults or {}, 0, 0
        self._lock = threading.Lock()

    def query(self, query: str | Paged) -> list[dict[str, Any]]:
        with self._lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.02 * (len(NAMES) - NAMES.index(cast("Source", query))))
        with self._lock:
            self.under_way -= 1
        if query in self.faults:
            raise self.faults[str(query)]
        return [{"of": query}]


def asked(workspace: Workspace) -> list[tuple[Source, Any]]:
    asking = Asking(cast("LogAnalytics", workspace))
    try:
        return list(asking.each({name: name for name in NAMES}))
    finally:
        asking.close()


def test_several_are_asked_at_once_and_answered_in_their_order() -> None:
    workspace = Workspace()
    assert asked(workspace) == [(name, [{"of": name}]) for name in NAMES]
    assert 1 < workspace.most <= AT_ONCE


@pytest.mark.parametrize("error", [NotYetError("x"), RefusedError("x", "y"), ValueError("x")])
def test_an_error_stands_in_its_place_and_spoils_no_other(error: Exception) -> None:
    found = asked(Workspace({NAMES[2]: error}))
    assert [name for name, _ in found] == [*NAMES]
    assert found[2][1] is error
    assert all(isinstance(rows, list) for _, rows in [*found[:2], *found[3:]])


def test_every_source_is_in_one_wave_behind_those_that_link_it() -> None:
    assert sorted(source for wave in WAVES for source in wave) == sorted(SOURCES)
    assert {*WAVES[0], *WAVES[1]} == LINKING
