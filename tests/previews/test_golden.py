"""What a reviewer sees of typical changes: `pulumi preview --diff`, kept as files.

    .venv/bin/python -m pytest tests/previews --golden

rewrites them; a change of the program that alters a preview then shows in its own review.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.example import ROOT
from harness.machine import PRODUCT, Machine
from tests.previews.changes import BARE, BASE, CHANGES, MOVES

GOLDEN = Path(__file__).parent / "golden"
VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
RESOURCE = re.compile(r"^ {4,}\S*\s*[\w:/-]+: \([a-z\[\]-]+\)\n", re.MULTILINE)
URN = re.compile(r"\[urn=(.*)\]")
LONGEST = 500
"""Characters of a line that a person still reads."""
REPLACED = re.compile(r"\+-|replace")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return deployed(tmp_path_factory.mktemp("live"), BASE)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return deployed(tmp_path_factory.mktemp("bare"), BARE)


@pytest.fixture
def edited(live: Machine) -> Machine:
    """The live stack, its files as they were before another test's change."""
    return restored(live, BASE)


def deployed(folder: Path, values: dict[str, Any]) -> Machine:
    made = Machine(folder)
    made.configure(**values)
    made.up()
    return made


def restored(machine: Machine, values: dict[str, Any]) -> Machine:
    for name in PRODUCT:
        source, copy = ROOT / name, machine.project / name
        if source.is_dir():
            shutil.copytree(source, copy, dirs_exist_ok=True)
        else:
            shutil.copy(source, copy)
    machine.configure(**values)
    return machine


@cache
def suffix(machine: Machine) -> str:
    """The random end of the stack's names."""
    resources = json.loads(machine.pulumi("stack", "export"))["deployment"]["resources"]
    (found,) = [one["id"] for one in resources if one["urn"].endswith("::name-suffix")]
    return str(found)


def shown(machine: Machine) -> str:
    """The preview without what differs from one cloud to the next, or from run to run.

    The engine prints resources as it comes to them, several at a time; here they come by URN.
    """
    text = machine.pulumi("preview", "--diff", "--suppress-outputs")
    text = VARYING.sub("<id>", text).replace(suffix(machine), "<suffix>")
    body, mark, totals = text.partition("Resources:\n")
    starts = [found.start() for found in RESOURCE.finditer(body)]
    if not starts:
        return text
    blocks = [body[a:b] for a, b in zip(starts, [*starts[1:], len(body)], strict=True)]
    blocks.sort(key=lambda block: URN.findall(block)[0])
    return body[: starts[0]] + "".join(blocks) + mark + totals


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_preview_shows_the_change_and_nothing_else(
    edited: Machine, name: str, request: pytest.FixtureRequest
) -> None:
    CHANGES[name](edited)
    compare(edited, name, rewrite=request.config.getoption("--golden"))


@pytest.mark.parametrize("name", sorted(MOVES))
def test_preview_says_loudly_what_is_replaced(
    bare: Machine, name: str, request: pytest.FixtureRequest
) -> None:
    MOVES[name](restored(bare, BARE))
    compare(bare, name, rewrite=request.config.getoption("--golden"))
    assert REPLACED.search((GOLDEN / f"{name}.txt").read_text())


def compare(machine: Machine, name: str, *, rewrite: bool) -> None:
    text, file = shown(machine), GOLDEN / f"{name}.txt"
    if rewrite:
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("name", sorted(CHANGES | MOVES))
def test_no_line_is_too_long_to_read(name: str) -> None:
    assert max(map(len, (GOLDEN / f"{name}.txt").read_text().splitlines())) < LONGEST


def test_every_golden_file_belongs_to_a_change() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {*CHANGES, *MOVES}


@pytest.mark.parametrize("name", ["consumers-reordered", "deployments-reordered"])
def test_order_means_nothing(name: str) -> None:
    assert "unchanged" in (GOLDEN / f"{name}.txt").read_text()
    assert not REPLACED.search((GOLDEN / f"{name}.txt").read_text())


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("consumer-added", "subscription-aoai-test"),
        ("consumer-removed", "subscription-aoai-test"),
        ("consumer-renamed", "subscription-aoai-test"),
        ("deployment-removed", "deployment-text-turbo"),
        ("deployment-renamed", "deployment-text-turbo"),
        ("deployment-model", "deployment-text-fast"),
    ],
)
def test_one_of_many_changes_alone(name: str, kept: str) -> None:
    assert kept not in (GOLDEN / f"{name}.txt").read_text()


def test_creation_reads_line_by_line(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.configure(**BASE)
    text = machine.pulumi("preview", "--diff", "--suppress-outputs")
    assert max(map(len, text.splitlines())) < LONGEST
    assert 'POST /v1/embeddings                               : "V1_Embeddings_Create"' in text
    assert '"    <set-header name=\\"api-key\\" exists-action=\\"delete\\" />"' in text
    names = re.findall(r"\[urn=.*::([\w-]+)\]", text)
    assert {"gateway", "openai-api-policy", "deployment-text-turbo", "workspace"} <= set(names)


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return deployed(tmp_path_factory.mktemp("protected"), BARE | {"protect": True})


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("location", "unable to replace resource"),
        ("account-name", "unable to replace resource"),
        ("gateway-name", "unable to replace resource"),
        ("workspace-name", "unable to replace resource"),
        ("deployment-model", "unable to replace resource"),
        ("deployment-removed", "cannot be deleted because it is protected"),
    ],
)
def test_change_that_would_take_away_what_is_protected_is_refused(
    protected: Machine, name: str, refused: str
) -> None:
    (CHANGES | MOVES)[name](restored(protected, BARE | {"protect": True}))
    text = " ".join(protected.pulumi("preview", fails=True).split())
    assert refused in text
    assert "`pulumi config set protect false` and `pulumi up`" in text


@pytest.mark.parametrize("name", ["location", "deployment-removed"])
def test_protection_is_lifted_by_the_commands_that_are_named(protected: Machine, name: str) -> None:
    machine = restored(protected, BARE | {"protect": True})
    machine.up()
    machine.pulumi("config", "set", "protect", "false")
    machine.up()
    (CHANGES | MOVES)[name](machine)
    assert re.search(r"\d+ to (replace|delete)", machine.pulumi("preview"))


def test_what_is_no_longer_declared_stays_protected(protected: Machine) -> None:
    """Which is why the lifting comes before the change."""
    machine = restored(protected, BARE | {"protect": True})
    machine.up()
    CHANGES["deployment-removed"](machine)
    machine.pulumi("config", "set", "protect", "false")
    text = " ".join(machine.pulumi("preview", fails=True).split())
    assert "cannot be deleted because it is protected" in text
