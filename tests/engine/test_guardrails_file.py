"""The parameters that pipelines give the pack fit it, and follow the stack's `capture`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.machine import Done, Machine

FILE = "policies/guardrails.json"
DAY = {name: {"today": "2026-11-21"} for name in ("model-retirement", "model-table")}
"""The example's model retires one day; the tests do not."""


def preview(machine: Machine, **parameters: Any) -> Done:
    file = machine.project / FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **DAY, **parameters}))
    pack = ("--policy-pack", "policies/guardrails", "--policy-pack-config", FILE)
    return machine.run("pulumi", "preview", *pack)


def test_metadata_alone_is_captured_where_the_pack_is_told_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert preview(machine).status == 0
    machine.run("pulumi", "config", "set", "capture", "metadata")
    refused = preview(machine)
    assert refused.status != 0
    assert "[mandatory]  api-logging" in refused.text
    assert preview(machine, **{"api-logging": {"capture": "metadata"}}).status == 0
