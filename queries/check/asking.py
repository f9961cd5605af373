"""Ask the workspace several questions at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from queries.check.rows import Source
from queries.pages import Paged
from queries.workspace import LogAnalytics, Row

AT_ONCE = 4
"""Questions at a time: a look mostly has nine that wait for no other's answer."""


class Asking:
    """Asks beside the thread of the run, which alone changes what is known."""

    def __init__(self, workspace: LogAnalytics) -> None:
        self._workspace = workspace
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look")

    def each(
        self, questions: Mapping[Source, str | Paged]
    ) -> Iterator[tuple[Source, list[Row] | Exception]]:
        """Yield the rows that answer each question, or why there are none, in the order given."""
        running = {
            source: self._pool.submit(self._asked, query) for source, query in questions.items()
        }
        for source, answer in running.items():
            yield source, answer.result()

    def close(self) -> None:
        """Leave off; what is under way ends by itself, or with the process."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _asked(self, query: str | Paged) -> list[Row] | Exception:
        try:
            return self._workspace.query(query)
        except Exception as error:  # noqa: BLE001 - raised again by the run, in its own order
            return error
