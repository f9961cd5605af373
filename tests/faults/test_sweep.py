"""Whatever operation fails, and however, the next command goes on."""

from __future__ import annotations

from pathlib import Path

from harness.faults.strikes import KINDS, REFUSED
from harness.faults.sweep import sweep
from harness.machine import Machine


def test_each_operation_fails_once_and_all_goes_on(tmp_path: Path) -> None:
    found = sweep(Machine(tmp_path), turn=0)
    assert not found.problems, "\n".join(found.problems)
    assert not [end for end in found.ended if end.how == "stuck"]
    for op, least in (("create", 50), ("update", 15), ("delete", 40)):
        ends = [end for end in found.ended if end.strike.op == op]
        assert len(ends) >= least
        assert {end.strike.kind for end in ends} == set(KINDS)
        # What a retry may wait for, it waits for, of updates and deletions too.
        refused = {(e.strike.status == REFUSED, e.how) for e in ends if e.strike.kind == "before"}
        assert refused == {(False, "same run"), (True, "next run")}
    for end in found.ended:
        lost = (end.strike.op, end.strike.kind) == ("create", "lost")
        assert (end.how == "adopted") is lost, end
