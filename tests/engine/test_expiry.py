"""A consumer whose last day is over, on a deployed stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.machine import CHECK, Machine
from tests.engine.stacks import QUICK


def test_the_check_proves_that_an_expired_consumer_is_refused(tmp_path: Path) -> None:
    machine, today = Machine(tmp_path), datetime.now(UTC).date()
    days = {"aoai-test": "", "team-b": (today - timedelta(days=1)).isoformat()}
    machine.configure(
        consumers=[
            {"name": name, "displayName": name, "expires": day} for name, day in days.items()
        ]
    )
    machine.up(options=QUICK)

    done = machine.run(*CHECK, "--settle", "0.1", "--timeout", "2", options=QUICK)

    assert done.status == 0, done.text
    words = " ".join(done.text.split())
    assert f"team-b, last day {days['team-b']}: 403 ConsumerExpired" in words
    assert "called as aoai-test" in words
