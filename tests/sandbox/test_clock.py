"""A simulated time is seen by the one thread that simulates it, and takes no real time."""

from __future__ import annotations

import threading
import time

from sandbox import clock


def test_simulated_time_moves_by_what_is_spent() -> None:
    with clock.simulated(1000.0, "seed"):
        clock.spend(86_400)
        assert clock.now() == 87_400
        assert clock.utc().isoformat() == "1970-01-02T00:16:40+00:00"
    before = time.time()
    assert before <= clock.now() <= time.time()


def test_other_threads_keep_the_real_time() -> None:
    seen = [time.time()]
    with clock.simulated(1000.0, "seed"):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen == sorted(seen)
    assert seen[-1] <= time.time()


def test_ids_follow_from_the_seed_only_where_time_is_simulated() -> None:
    def ids(seed: str) -> list[str]:
        with clock.simulated(1000.0, seed):
            return [clock.guid(), clock.guid()]

    assert ids("a") == ids("a") != ids("b")
    assert len(set(ids("a"))) == 2
    assert clock.guid() != clock.guid()
