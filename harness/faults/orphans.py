"""Brings into the state what Azure made and nobody was told of."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from harness.machine import Machine


def adopt(machine: Machine, orphans: Iterable[dict[str, Any]]) -> str:
    """Run the command that README names, which must take in all of it.

    A resource group of which the state knows nothing needs a person's word.
    """
    groups = [one for one in orphans if one["type"].endswith(":ResourceGroup")]
    words = [word for one in groups for word in ("--also", one["urn"].rpartition("::")[2])]
    done = machine.run(sys.executable, "-m", "tools.adopt", "--stack", "dev", "--yes", *words)
    assert done.status == 0, done.text
    return done.text
