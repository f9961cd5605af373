"""Ctrl-C while nothing can be done about it yet."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""128 + SIGINT, as shells count: https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"""


@contextmanager
def deferred() -> Iterator[list[int]]:
    """Note Ctrl-C instead of raising it; a second one ends the process.

    What is being loaded would end in a traceback, with the files of the run before. Only the main
    thread gets the signal, so that elsewhere there is nothing to do.
    """
    noted: list[int] = []

    def note(number: int, _: object) -> None:
        if noted:
            os._exit(INTERRUPTED)
        noted.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
