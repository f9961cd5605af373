"""Check a stack and tell how long its looks took: `looks FILE WIDTH SECONDS [argument]…`.

WIDTH questions are asked at a time, and each takes SECONDS longer, as over a network. Runs inside
the sandbox, as the check does.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from queries.check import asking
from queries.check import run as checked
from queries.check.arguments import parse
from queries.check.library_run import LibraryRun
from queries.check.watch import Watch
from queries.pages import Paged
from queries.workspace import LogAnalytics, Row


def main(file: Path, width: int, seconds: float, arguments: list[str]) -> int:
    """Run the check; write the seconds of each look, without those of the library's queries."""
    took: list[float] = []
    look, ask = Watch._look, LogAnalytics.query  # noqa: SLF001 - to measure what no report tells

    def timed(watch: Watch, library: LibraryRun, by: asking.Asking, *, last: bool) -> None:
        begun = time.monotonic()
        watch.proofs = [proof for proof in watch.proofs if proof.id != "queries"]
        look(watch, library, by, last=last)
        took.append(time.monotonic() - begun)

    def later(workspace: LogAnalytics, query: str | Paged) -> list[Row]:
        time.sleep(seconds)
        return ask(workspace, query)

    setattr(Watch, "_look", timed)  # noqa: B010
    setattr(LogAnalytics, "query", later)  # noqa: B010
    asking.AT_ONCE = width
    report = checked.check(parse(arguments), checked.real_world())
    file.write_text(json.dumps(took))
    sys.stdout.write(f"{report.verdict}\n")
    return report.status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
