"""Adopt resources that Azure has created and no state knows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from harness.machine import Machine


def adopt(machine: Machine, orphans: Iterable[dict[str, Any]]) -> str:
    """Run the command that README names, which must adopt all orphans; return what it printed.

    A resource group that is in no state is adopted only if a person names it, as `--also` does.
    """
    groups = [orphan for orphan in orphans if orphan["type"].endswith(":ResourceGroup")]
    words = [word for group in groups for word in ("--also", group["urn"].rpartition("::")[2])]
    done = machine.run(sys.executable, "-m", "tools.adopt", "--stack", "dev", "--yes", *words)
    assert done.status == 0, done.text
    return done.text
