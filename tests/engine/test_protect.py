"""`protect` holds a whole destroy back, whatever its flags; what was lost without it comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.protection import HOOK
from harness.machine import Machine

DESTROY = ("destroy", "-s", "dev", "--yes")
WAYS = [
    ("--skip-preview", "--run-program"),
    ("--skip-preview",),
    ("--skip-preview", "--run-program", "--continue-on-error"),
    ("--skip-preview", "--continue-on-error"),
    ("--run-program",),
    (),
]


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("protected"))
    made.configure(protect=True)
    made.up()
    return made


def test_its_turn_comes_before_that_of_every_other(protected: Machine) -> None:
    text = protected.pulumi("stack", "export", "-s", "dev")
    held = {one["urn"]: one for one in json.loads(text)["deployment"]["resources"]}
    waiting, behind = [urn for urn in held if urn.endswith("::protection")], set[str]()
    while waiting:
        urn = waiting.pop()
        if urn and urn not in behind:
            behind.add(urn)
            one = held[urn]
            provider = str(one.get("provider") or "").rpartition("::")[0]
            waiting += [*one.get("dependencies", []), str(one.get("parent", "")), provider]
    assert {urn for urn in held if "::pulumi:providers:" not in urn} <= behind


@pytest.mark.parametrize("flags", WAYS, ids=" ".join)
def test_no_destroy_touches_anything(protected: Machine, flags: tuple[str, ...]) -> None:
    before = len(protected.changes())
    text = " ".join(protected.pulumi(*DESTROY, *flags, fails=True).split())
    assert HOOK in text or "because it is protected" in text
    assert len(protected.changes()) == before
    protected.pulumi("preview", "-s", "dev", "--expect-no-changes")


def test_what_does_not_hold_state_still_comes_and_goes(protected: Machine) -> None:
    """The one that holds back stands in the way of a destroy alone."""
    consumers = [{"name": name, "displayName": name} for name in ("aoai-test", "team-b")]
    protected.configure(consumers=consumers)
    protected.up()
    protected.configure(consumers=consumers[:1], insights=False)
    protected.up()
    protected.pulumi("preview", "-s", "dev", "--expect-no-changes")


@pytest.mark.parametrize("up_first", [True, False])
def test_lifted_it_lets_everything_go(up_first: bool, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.configure(insights=False, protect=True)
    machine.up()
    machine.configure(protect=False)
    if up_first:
        machine.up()
    machine.pulumi(*DESTROY, "--skip-preview", "--run-program")
    assert machine.leftovers().status == 0


def test_half_a_state_that_an_earlier_commit_lost_is_taken_back(tmp_path: Path) -> None:
    """Without what holds back, the engine deletes and forgets before it refuses."""
    machine = Machine(tmp_path)
    machine.configure(insights=False, protect=True)
    program = machine.project / "__main__.py"
    whole = program.read_text()
    before, _, after = whole.rpartition("protect=settings.protect")
    program.write_text(f"{before}protect=False{after}")
    machine.up()
    text = machine.pulumi(*DESTROY, "--skip-preview", "--run-program", fails=True)
    assert "because it is protected" in " ".join(text.split())
    program.write_text(whole)
    assert "already existing resource" in machine.up(fails=True)
    adopted = machine.run("python", "-m", "tools.adopt", "--stack", "dev", "--yes")
    assert adopted.status == 0, adopted.text
    machine.up()
    machine.pulumi("preview", "-s", "dev", "--expect-no-changes")
