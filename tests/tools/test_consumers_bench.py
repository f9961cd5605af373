"""What is compared is what it says: so many consumers, and as many raw subscriptions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from harness.machine import PROJECT, Machine
from tools import consumers_bench, up_bench


def test_the_exponent_leaves_out_what_every_size_costs() -> None:
    loading, squares = 30.0, {size: size**2 for size in consumers_bench.SIZES}
    for power, each in ((1, 0.01), (2, 0.0001)):
        times = {size: loading + each * size**power for size in squares}
        assert consumers_bench.exponent(times) == pytest.approx(power, abs=0.1)


def test_a_stack_has_so_many_consumers_each_with_a_budget(tmp_path: Path) -> None:
    file = consumers_bench.stack(tmp_path, 100).project / "Pulumi.dev.yaml"
    listed = yaml.safe_load(file.read_text())["config"][f"{PROJECT}:consumers"]
    assert len({one["name"] for one in listed}) == 100
    assert all(one["monthlyTokens"] for one in listed)


@pytest.mark.slow
def test_the_flat_program_previews_as_many_subscriptions(tmp_path: Path) -> None:
    machine = Machine(tmp_path, program=consumers_bench.FLAT.format(size=3))
    machine.pulumi("stack", "select", "dev", "--create")
    shown = json.loads(machine.pulumi("preview", "--json"))
    kinds = [step["urn"].split("::")[2] for step in shown["steps"]]
    assert sum("apimanagement:Subscription" in kind for kind in kinds) == 3


def test_a_long_chain_is_shown_short() -> None:
    shown = up_bench._shown([f"op-{number}" for number in range(1_000)])
    assert shown == "op-0 > op-1 > op-2 > 996 more > op-999"
    assert up_bench._shown(["a", "b"]) == "a > b"
