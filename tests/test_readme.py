"""What README promises is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from queries.check import proofs

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]


def test_configuration_table_is_that_of_the_project_file() -> None:
    keys = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    for key, declared in keys.items():
        default = declared["default"]
        shown = default if default and isinstance(default, str) else json.dumps(default)
        assert f"| `{key}` | `{shown}` | {declared['description']} |" in README


def test_every_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        shown = re.findall(r"(?:^ +|`)make (\w+)", document.read_text(), re.MULTILINE)
        assert set(shown) <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_no_file_is_too_long_to_read() -> None:
    for room in ("components", "policies", "queries", "sandbox", "tests", "tools"):
        for file in (ROOT / room).rglob("*.py"):
            if "node_modules" not in file.parts:
                assert len(file.read_text().splitlines()) <= 400, file


def test_every_proof_is_in_the_table(request: pytest.FixtureRequest) -> None:
    """`.venv/bin/python -m pytest tests/test_readme.py --golden` adds the rows that are missing."""
    text = README
    for proof in proofs.PROOFS:
        start = text.index("| proof | what it proves |")
        end = text.index("\n\n", start)
        if not re.search(rf"^\|.*`{re.escape(proof.id)}`.*\|$", text[start:end], re.MULTILINE):
            assert request.config.getoption("--golden"), f"{proof.id} has no row"
            text = f"{text[:end]}\n| `{proof.id}` | {proof.about} |{text[end:]}"
            (ROOT / "README.md").write_text(text)
