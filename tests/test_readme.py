"""What README promises is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from queries import library
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


def rows() -> dict[str, tuple[str, str]]:
    """Name in the table, the table's head, and a first row for it, of each proof and each query."""
    proof, query = "| proof | what it proves |", "| question | file in `queries/` |"
    return {
        **{one.id: (proof, f"| `{one.id}` | {one.about} |") for one in proofs.PROOFS},
        **{
            f"{name}.kql": (query, f"| {library.question(name)} | `{name}.kql` |")
            for name in library.names()
        },
    }


def test_every_proof_and_every_query_is_in_its_table(request: pytest.FixtureRequest) -> None:
    """`.venv/bin/python -m pytest tests/test_readme.py --golden` adds the rows that are missing."""
    text = README
    for name, (head, row) in rows().items():
        start = text.index(head)
        end = text.index("\n\n", start)
        if not re.search(rf"^\|.*`{re.escape(name)}`.*\|$", text[start:end], re.MULTILINE):
            assert request.config.getoption("--golden"), f"{name} has no row"
            text = f"{text[:end]}\n{row}{text[end:]}"
            (ROOT / "README.md").write_text(text)
