"""The pack under the real engine, on the example stack and on stacks that break its rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.settings.stack import GATEWAY_ROLES
from harness.machine import Done, Machine

POLICY = "policies/gateway/azure-openai.xml"
CONTRIBUTOR = "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68"
DAY = {name: {"today": "2026-11-21"} for name in ("model-retirement", "model-table")}
"""The example's model retires one day; the tests do not."""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    configure(made, DAY)
    return made


def guarded(machine: Machine, *verb: str) -> Done:
    pack = ("--policy-pack", "policies/guardrails", "--policy-pack-config", "guardrails.json")
    return machine.run("pulumi", *verb, *pack)


def edit(machine: Machine, file: str, old: str, new: str) -> None:
    path = machine.project / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_example_stack_passes_and_says_what_is_not_known_yet(machine: Machine) -> None:
    done = guarded(machine, "up", "--yes")
    assert done.status == 0, done.text
    assert "[mandatory]" not in done.text
    preview, update = done.text.split("Updating (dev)")
    assert "can't run policy 'policy-deletes-credentials'" in preview
    assert "can't run policy" not in update
    assert "[advisory]  account-public-network" in update


def test_settings_that_log_too_little_or_deploy_a_retired_model(machine: Machine) -> None:
    old = {"name": "text-turbo", "model": "gpt-4.1-nano", "version": "2025-04-14", "capacity": 10}
    machine.configure(samplingPercentage=50, deployments=[old])
    configure(machine, {**DAY, "account-public-network": "mandatory"})
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    assert "[mandatory]  api-logging" in done.text
    assert report("sampling.percentage", "50", "100") in words(done.text)
    assert "[mandatory]  model-retirement" in done.text
    assert "gpt-4.1-nano 2025-04-14, which retired on 2026-10-14" in done.text
    assert "[mandatory]  account-public-network" in done.text


def test_keys_and_a_role_that_is_too_broad(machine: Machine) -> None:
    edit(
        machine,
        "components/openai_account.py",
        "disable_local_auth=True",
        "disable_local_auth=False",
    )
    edit(machine, "components/settings/stack.py", next(iter(GATEWAY_ROLES.values())), CONTRIBUTOR)
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    assert "[mandatory]  account-without-keys" in done.text
    assert report("properties.disableLocalAuth", "false", "true") in words(done.text)
    assert "[mandatory]  narrow-roles" in done.text
    assert CONTRIBUTOR in done.text


def test_what_was_not_known_at_preview_is_refused_before_it_is_made(machine: Machine) -> None:
    deletion = '<set-header name="Authorization" exists-action="delete" />'
    secret = '<set-header name="x-gateway-secret"><value>hunter2</value></set-header>'
    edit(machine, POLICY, deletion, deletion + secret)
    done = guarded(machine, "up", "--yes", "--skip-preview")
    assert done.status != 0, done.text
    assert "[mandatory]  policy-without-secrets" in done.text
    made = {entry["type"] for entry in machine.changes()}
    assert "azure-native:apimanagement:Api" in made
    assert "azure-native:apimanagement:ApiPolicy" not in made


def test_a_policy_that_passes_the_callers_key_on(machine: Machine) -> None:
    edit(machine, POLICY, '<set-header name="api-key" exists-action="delete" />', "")
    done = guarded(machine, "up", "--yes", "--skip-preview")
    assert done.status != 0, done.text
    assert "[mandatory]  policy-deletes-credentials" in done.text
    assert "found: api-key is passed on" in words(done.text)
    again = guarded(machine, "preview")
    assert again.status != 0, again.text
    assert "found: api-key is passed on" in words(again.text), "known now, so before the update"


def test_an_api_without_a_policy(machine: Machine) -> None:
    edit(
        machine,
        "components/openai_api/component.py",
        "after=self._policy(name, api)",
        "after=api",
    )
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    assert "[mandatory]  policy-deletes-credentials" in done.text
    assert "property: policies/policy found: not set" in words(done.text)


def test_rules_for_the_stack_judge_when_all_others_are_disabled(machine: Machine) -> None:
    names = ("api-diagnostic", "api-logging", "diagnostic-settings", "gateway-tables")
    configure(machine, {"all": "disabled", **dict.fromkeys(names, "mandatory")})
    done = guarded(machine, "up", "--yes", "--skip-preview")
    assert done.status == 0, done.text
    assert "api-logging" not in done.text
    machine.configure(samplingPercentage=50)
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    assert "[mandatory]  api-logging" in done.text


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"nosuch": "mandatory"}, "there is no rule 'nosuch'"),
        ({"capacity": {"maxx": 3}}, "capacity has no parameter 'maxx'; wanted: maximum"),
        ({"model-retirement": {"today": "tomorrow"}}, "today: Does not match format 'date'"),
    ],
)
def test_a_wrong_configuration_is_refused_before_the_preview(
    machine: Machine, configuration: dict[str, Any], words: str
) -> None:
    configure(machine, configuration)
    done = guarded(machine, "preview")
    assert done.status != 0, done.text
    assert words in done.text
    assert "openai-api" not in done.text


def configure(machine: Machine, configuration: dict[str, Any]) -> None:
    (machine.project / "guardrails.json").write_text(json.dumps(configuration))


def report(path: str, found: str, wanted: str) -> str:
    return f"property: {path} found: {found} wanted: {wanted}"


def words(text: str) -> str:
    return " ".join(text.split())
