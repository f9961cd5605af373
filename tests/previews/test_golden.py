"""What a reviewer sees of typical changes: `pulumi preview --diff`, kept as files.

    .venv/bin/python -m pytest tests/previews --golden

rewrites them; a change of the program that alters a preview then shows in its own review.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.engine.machine import PRODUCT, ROOT, Machine
from tests.previews.changes import BASE, CHANGES

GOLDEN = Path(__file__).parent / "golden"
VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SUFFIX = re.compile(r"\[id=[a-z0-9]{6}\]")
RESOURCE = re.compile(r"^ {4,}\S*\s*[\w:/-]+: \([a-z\[\]-]+\)\n", re.MULTILINE)
REPLACED = re.compile(r"\+-|replace")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("live"))
    made.configure(**BASE)
    made.up()
    return made


@pytest.fixture
def edited(live: Machine) -> Machine:
    """The live stack, its files as they were before another test's change."""
    for name in PRODUCT:
        source, copy = ROOT / name, live.project / name
        if source.is_dir():
            shutil.copytree(source, copy, dirs_exist_ok=True)
        else:
            shutil.copy(source, copy)
    live.configure(**BASE)
    return live


def shown(machine: Machine) -> str:
    """The preview without what differs from one cloud to the next, or from run to run.

    The engine prints resources as it comes to them, several at a time; here they come by URN.
    """
    text = machine.pulumi("preview", "--diff", "--suppress-outputs")
    text = SUFFIX.sub("[id=<suffix>]", VARYING.sub("<id>", text))
    body, mark, totals = text.partition("Resources:\n")
    starts = [found.start() for found in RESOURCE.finditer(body)]
    if not starts:
        return text
    blocks = [body[a:b] for a, b in zip(starts, [*starts[1:], len(body)], strict=True)]
    blocks.sort(key=lambda block: re.search(r"\[urn=(.*)\]", block)[1])
    return body[: starts[0]] + "".join(blocks) + mark + totals


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_preview_shows_the_change_and_nothing_else(
    edited: Machine, name: str, request: pytest.FixtureRequest
) -> None:
    CHANGES[name](edited)
    text = shown(edited)
    file = GOLDEN / f"{name}.txt"
    if request.config.getoption("--golden"):
        file.write_text(text)
    assert text == file.read_text()


def test_every_golden_file_belongs_to_a_change() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(CHANGES)


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
        ("deployment-model", "deployment-text-fast"),
    ],
)
def test_one_of_many_changes_alone(name: str, kept: str) -> None:
    assert kept not in (GOLDEN / f"{name}.txt").read_text()


def test_change_that_would_replace_what_is_protected_is_refused(edited: Machine) -> None:
    edited.configure(protect=True)
    edited.up()
    edited.configure(location="swedencentral")
    text = edited.pulumi("preview", fails=True)
    assert "unable to replace resource" in text
    assert "marked for protection" in text
    assert "pulumi state unprotect" in text
