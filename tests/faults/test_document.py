"""docs/reliability.md holds the counts of a whole sweep, and nothing in it is stuck."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from harness.faults.strikes import KINDS, kinds
from harness.faults.sweep import CHANGES
from tests.components.harness import Json, run_program
from tools.faults import DOCUMENT, HEAD, OPERATIONS, TAIL, named

REPLACED = ("figures",)
"""A saved search whose text changes is another one."""


def azure(config: Json | None = None) -> dict[str, Any]:
    """What the program registers of Azure, by URN."""
    found = run_program(config).requests
    return {urn: one for urn, one in found.items() if one.custom and is_azure(one)}


def is_azure(request: Any) -> bool:
    return str(request.type).startswith("azure-native")


def plans(before: dict[str, Any]) -> Counter[tuple[str, str]]:
    """How often each operation meets each kind of failure in a sweep of the example stack.

    What goes with the gateway is not deleted by itself; what a change replaces is not updated.
    """
    after = azure(CHANGES)
    updated = [one for urn, one in before.items() if one.object != after[urn].object]
    operations = {
        "create": list(before.values()),
        "update": [one for one in updated if one.name not in REPLACED],
        "delete": [one for one in before.values() if not (one.retainOnDelete or one.deletedWith)],
    }
    assert list(operations) == list(OPERATIONS)
    return Counter(
        (op, kind)
        for op, requests in operations.items()
        for one in requests
        for kind in kinds(op, one.type)
    )


def test_document_counts_every_kind_of_failure_of_every_operation() -> None:
    """Of resources of a known type, more may have been added since the sweep."""
    text = DOCUMENT.read_text()
    found = re.fullmatch(re.escape(HEAD) + r"((?:\|.*\n)+)" + TAIL.format("(.*)"), text)
    assert found
    resources = azure()
    assert {named(one.type) for one in resources.values()} == set(found[2].split(", "))
    planned = plans(resources)
    rows = [line.strip("| ").split(" | ") for line in found[1].splitlines()]
    assert [(row[0], row[1].strip("`")) for row in rows] == [
        (op, kind) for op in OPERATIONS for kind in KINDS
    ]
    for op, kind, *numbers in rows:
        struck, same, following, adopted, stuck = map(int, numbers)
        assert 0 < struck == same + following + adopted <= planned[op, kind.strip("`")]
        assert stuck == 0
        assert bool(adopted) is ((op, kind) == ("create", "`lost`"))
