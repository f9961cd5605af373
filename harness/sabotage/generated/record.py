"""Check a deployed stack and keep all that the check knew: `record FILE [argument of the check]…`.

Runs inside the sandbox, as the check does.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from queries.check import run as checked
from queries.check.arguments import parse
from queries.check.evidence import Evidence
from queries.check.watch import Watch


def main(file: Path, arguments: list[str]) -> int:
    """Run the check; write its last evidence, and return its exit status."""
    kept: list[Evidence] = []
    look = Watch.judge

    def judge(watch: Watch) -> None:
        look(watch)
        kept[:] = [watch.evidence]

    setattr(Watch, "judge", judge)  # noqa: B010 - to keep what no report tells
    report = checked.check(parse(arguments), checked.real_world())
    file.write_bytes(pickle.dumps(kept[0]))
    for line in report.proofs:
        sys.stdout.write(f"{line.status:8} {line.id}: {line.detail}\n")
    return report.status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
