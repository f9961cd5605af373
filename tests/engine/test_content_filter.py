"""A content filter as code: made before its deployment, compared whole, guarded and cleaned up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.example import example_config
from harness.machine import Machine
from harness.sabotage.generated import properties
from harness.sabotage.generated.bench import Bench
from harness.sabotage.generated.mutation import tell

DEPLOYMENT = example_config()["deployments"][0]
STRICT = {"name": "strict", "hate": "Low"}
FILTERED: dict[str, Any] = {
    "insights": False,
    "contentFilters": [STRICT],
    "deployments": [{**DEPLOYMENT, "contentFilter": "strict"}],
}
KINDS = ("cognitiveservices:RaiPolicy", "cognitiveservices:Deployment")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("filtered"))
    made.configure(**FILTERED)
    made.up()
    return made


def written(machine: Machine, operation: str) -> list[str]:
    """List the filters and deployments that an operation was done to, in order."""
    lines = map(json.loads, machine.journal_file.read_text().splitlines())
    done = [one for one in lines if one["op"] == operation and not one["simulated"]]
    return [one["name"] for one in done if one["type"].endswith(KINDS)]


def test_it_settles_and_is_proven(live: Machine) -> None:
    live.pulumi("preview", "--expect-no-changes", "--refresh")
    command = "python -m queries.check --stack dev --timeout 10 --settle 0.1"
    done = live.run(*command.split())
    assert done.status == 0, done.text


def test_every_change_of_it_is_told(live: Machine) -> None:
    whole = Bench.of(live)
    bench = Bench(whole.cloud, [one for one in whole.declared if one.kind in KINDS])
    assert {one.kind for one in bench.declared} == {*KINDS}
    for generator in (properties.declared, properties.undeclared, properties.gone):
        count = tell(generator(bench))
        assert count.faults == {}
        assert count.made


def test_a_weaker_filter_is_refused_before_anything_is_made(machine: Machine) -> None:
    weak = {**STRICT, "violence": "High", "jailbreak": "annotate"}
    machine.configure(**{**FILTERED, "contentFilters": [weak]})
    pack = ("--policy-pack", "policies/guardrails")
    text = " ".join(machine.pulumi("preview", *pack, fails=True).split())
    assert "contentFilters Violence of Prompt.severityThreshold" in text
    assert 'found: "High" wanted: Low or Medium' in text
    assert "contentFilters Jailbreak of Prompt.blocking" in text
    machine.configure(**FILTERED)
    machine.pulumi("preview", *pack)


def test_it_is_made_before_its_deployment_and_goes_after_it(machine: Machine) -> None:
    machine.configure(**FILTERED)
    machine.up()
    assert written(machine, "create") == ["strict", "text-turbo"]
    machine.configure(contentFilters=None, deployments=[DEPLOYMENT])
    machine.up()
    assert written(machine, "delete") == ["strict"]
    machine.configure(**FILTERED)
    machine.up()
    machine.pulumi("destroy", "--yes")
    assert written(machine, "delete")[1:] == ["text-turbo", "strict"]
