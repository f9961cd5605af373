"""What pipelines keep from one run to the next, and what moves by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pipelines.files import ACTIONS, AZURE, ROOT, load
from tools.setup.__main__ import INPUTS
from tools.setup.engine import CACHE


@pytest.mark.parametrize("file", [".github/actions/set-up/action.yml", ".azure/set-up.yml"])
def test_what_is_kept_is_kept_for_these_inputs_of_the_set_up(file: str) -> None:
    (key,) = re.findall(r"key: (.*)", (ROOT / file).read_text())
    patterns = re.findall(r"[\w./*-]+\.(?:txt|py|json|\*)", key)
    kept = {found for pattern in patterns for found in ROOT.glob(pattern)}
    assert {file for name in INPUTS for file in ROOT.glob(name)} <= kept
    locks = (ROOT / "tests").glob("*/*/package-lock.json")
    assert set(locks) <= kept


def test_the_engine_is_kept_too() -> None:
    github = "".join(file.read_text() for file in ACTIONS)
    assert "~/.pulumi/versions" in github
    assert str(CACHE).startswith(str(Path.home() / ".pulumi" / "versions"))
    azure = "".join(file.read_text() for file in AZURE)
    assert 'ln -s "$XDG_CACHE_HOME/versions" ~/.pulumi/versions' in azure


def test_dependabot_knows_every_folder_of_packages() -> None:
    updates = load(ROOT / ".github" / "dependabot.yml")["updates"]
    named = {
        (update["package-ecosystem"], folder)
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    locks = {lock.parent for lock in (ROOT / "tests").glob("*/*/package-lock.json")}
    modules = {module.parent for module in (ROOT / "tools").glob("*/go.mod")}
    expected = {("npm", folder) for folder in locks} | {("gomod", folder) for folder in modules}
    expected |= {("pip", ROOT), ("pip", ROOT / "locks")}
    assert {(of, f"/{folder.relative_to(ROOT)}".rstrip(".")) for of, folder in expected} <= named


def test_a_version_is_offered_days_after_its_publication() -> None:
    for update in load(ROOT / ".github" / "dependabot.yml")["updates"]:
        assert update["cooldown"] == {"default-days": 7}, update
