"""docs/reliability.md holds the counts of a whole sweep, and nothing in it is stuck."""

from __future__ import annotations

from tests.faults.strikes import KINDS
from tools.faults import DOCUMENT, HEAD, OPERATIONS


def test_document_counts_every_kind_of_failure_of_every_operation() -> None:
    text = DOCUMENT.read_text()
    assert text.startswith(HEAD)
    rows = [line.strip("| ").split(" | ") for line in text.removeprefix(HEAD).splitlines()]
    assert [(row[0], row[1].strip("`")) for row in rows] == [
        (op, kind) for op in OPERATIONS for kind in KINDS
    ]
    for op, kind, *numbers in rows:
        struck, same, following, adopted, stuck = map(int, numbers)
        assert struck == same + following + adopted > 0
        assert stuck == 0
        assert bool(adopted) is ((op, kind) == ("create", "`lost`"))
