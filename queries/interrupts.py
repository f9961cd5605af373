"""Ctrl-C, a pipeline's SIGTERM and the end of the time: what a run does about them, and when."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130
"""128 + SIGINT, as shells count: https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""A pipeline that is cancelled sends both, one after the other.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation
"""
AGAIN = 5.0
"""Seconds after which the end of the time is told once more, should a library have hidden it."""


class TimeUpError(BaseException):
    """The time of the run is up; like Ctrl-C, no `except Exception` takes it for its own."""


class _Interrupts:
    """The state of this process: a signal is noted, unless the run has said that it can stop."""

    def __init__(self) -> None:
        self.noted = False
        self.released = False
        self.time_up = False

    def handle(self, *_: object) -> None:
        """Raise where the run can stop; else note it, and end the process at the second one."""
        if self.released:
            self.released = False
            if self.time_up:
                raise TimeUpError
            self.noted = True
            raise KeyboardInterrupt
        if self.time_up:
            return
        if self.noted:
            os._exit(INTERRUPTED)
        self.noted = True


_STATE = _Interrupts()


def install() -> None:
    """Note signals from now on instead of raising them; a second one ends the process.

    What is being loaded would end in a traceback. Call this first, in the main thread.
    """
    for number in SIGNALS:
        signal.signal(number, _STATE.handle)


@contextmanager
def released(seconds: float = math.inf) -> Iterator[None]:
    """Let a signal end what runs inside, one noted before at once, and the time after `seconds`.

    Once one has, the run is cleaning up, and a further one is noted as before.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM.
        TimeUpError: the time is up; a call that blocks is interrupted.
    """
    ended = threading.Event()
    main = threading.get_ident()
    watch = threading.Thread(target=_end_after, args=(seconds, ended, main), daemon=True)
    before = [signal.signal(number, _STATE.handle) for number in SIGNALS]
    _STATE.time_up = False
    if seconds < math.inf:
        watch.start()
    try:
        _STATE.released = True
        if _STATE.noted:
            _STATE.released = False
            raise KeyboardInterrupt
        yield
    finally:
        _STATE.released = False
        ended.set()
        _restore(before)


def _restore(handlers: list[Any]) -> None:
    for number, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(number, handler)


def _end_after(seconds: float, ended: threading.Event, main: int) -> None:
    """Interrupt the main thread once the time is up, and again until what it runs has ended."""
    while not ended.wait(seconds):
        _STATE.time_up = _STATE.released = True
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(main, signal.SIGINT)
        else:
            signal.raise_signal(signal.SIGINT)
        seconds = AGAIN
