"""The parameters that pipelines give the pack fit it, and follow the stack's settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.machine import Done, Machine

FILE = "policies/guardrails.json"
DAY = {name: {"today": "2026-11-21"} for name in ("model-retirement", "model-known")}
"""The example's model retires one day; the tests do not."""


def preview(machine: Machine, **parameters: Any) -> Done:
    file = machine.project / FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **DAY, **parameters}))
    pack = ("--policy-pack", "policies/guardrails", "--policy-pack-config", FILE)
    return machine.run("pulumi", "preview", *pack)


@pytest.mark.parametrize(
    ("settings", "policy", "parameters"),
    [
        ({"capture": "metadata"}, "api-logging", {"capture": "metadata"}),
        ({"logResponseBodies": True}, "api-logging", {"responseBodies": "all"}),
        ({"llmLogging": False}, "api-logging", {"llmLogging": "disabled"}),
        ({"workspaceDailyCapGb": 5}, "workspace", {"dailyCapGb": 5}),
    ],
)
def test_a_setting_that_captures_less_passes_where_the_pack_is_told_so(
    tmp_path: Path, settings: dict[str, Any], policy: str, parameters: dict[str, Any]
) -> None:
    machine = Machine(tmp_path)
    machine.configure(**settings)
    refused = preview(machine)
    assert refused.status != 0
    assert f"[mandatory]  {policy}" in refused.text
    assert preview(machine, **{policy: parameters}).status == 0


def test_other_settings_pass_as_they_are(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert preview(machine).status == 0
    machine.configure(
        gatewayTier="BasicV2",
        gatewayRole="Cognitive Services User",
        apiDocument="https://example.com/openai.json",
        apiName="models",
        exportKeys=False,
        insights=False,
        llmMessageBytes=2_097_152,
        protect=True,
    )
    done = preview(machine)
    assert done.status == 0, done.text
    assert "[mandatory]" not in done.text
