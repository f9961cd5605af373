"""The recipes of CONTRIBUTING.md name files that are there, and few of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
RECIPES = {
    title: re.findall(r"^\d\. `([^`]+)`:", body, re.MULTILINE)
    for title, body in re.findall(r"^## (An? .+)\n((?:(?!^## ).*\n)*)", TEXT, re.MULTILINE)
}


def test_there_is_a_recipe_for_what_people_add() -> None:
    assert {"A proof", "A query", "A guardrail", "A resource"} <= RECIPES.keys()


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_touches_at_most_three_files(title: str) -> None:
    files = RECIPES[title]
    assert 1 <= len(files) <= 3
    for file in files:
        assert any(ROOT.glob(re.sub(r"<\w+>", "*", file))), file


def test_every_target_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", TEXT)) <= targets


RULE = '''"""Names that say nothing."""

from collections.abc import Iterator

from rules.finding import Finding, expect
from rules.parameters import Config
from rules.resource import Resource


def telling(group: Resource, _config: Config) -> Iterator[Finding]:
    """https://learn.microsoft.com/azure/cloud-adoption-framework"""
    yield from expect(group, "name", lambda found: found != "x", wanted="a name", fix="name it")
'''
ENTRY = """POLICIES: list[Policy] = [
    _each("telling", "Names tell.", telling.telling, places.GROUPS, level=ADVISORY),
"""
TEST = """from rules import telling
from tests.policies.harness import passes, resource, wrong


def test_telling() -> None:
    assert passes(telling.telling, resource("resources:ResourceGroup", {"name": "y"}))
    assert "name it" in wrong(telling.telling, resource("resources:ResourceGroup", {"name": "x"}))
"""


def test_the_recipe_for_a_guardrail_is_enough(tmp_path: Path) -> None:
    """Followed on a copy, with a rule that is advisory, it leaves every test of the pack green."""
    for folder in ("policies", "tests/policies"):
        ignored = shutil.ignore_patterns("test_engine.py", "__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("docs/guardrails.md", "tests/__init__.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    rules = tmp_path / "policies" / "guardrails" / "rules"
    (rules / "telling.py").write_text(RULE)
    catalogue = (rules / "catalogue.py").read_text()
    catalogue = catalogue.replace("    subscriptions,\n", "    subscriptions,\n    telling,\n")
    (rules / "catalogue.py").write_text(catalogue.replace("POLICIES: list[Policy] = [\n", ENTRY))
    (tmp_path / "tests" / "policies" / "test_telling.py").write_text(TEST)
    for flags in (["--guardrails"], []):
        command = [sys.executable, "-m", "pytest", "-q", "tests/policies", "--rootdir", ".", *flags]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    assert (
        "| `telling` | advisory | Names tell. | |" in (tmp_path / "docs/guardrails.md").read_text()
    )


QUERY = """// Tokens by hour
// Question: How many tokens were spent in each hour?
// Parameters: since (datetime), until (datetime), api (string: API id, "" for all)
// Columns: Hour, TotalTokens
let since = ago(1d);
let until = now();
let api = "";
// >>> queries/shared/tokens.kql
// <<< queries/shared/tokens.kql

calls
| summarize TotalTokens = coalesce(sum(Total), 0) by Hour = bin(Time, 1h)
| order by Hour asc
"""
ANSWER = """

def test_tokens_by_hour(database: Database) -> None:
    gateway(database, "a")
    llm(database, "a", 0, TotalTokens=5)

    assert [row["TotalTokens"] for row in database.ask(load("tokens-by-hour"))] == [5]
"""


def test_the_recipe_for_a_query_is_enough(tmp_path: Path) -> None:
    """Followed on a copy, with a query of tokens, it leaves the tests of every query green."""
    ignored = shutil.ignore_patterns("node_modules", "__pycache__")
    for folder in ("queries", "sandbox", "tests/queries", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("README.md", "pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    modules = Path("tests/queries/analyzer/node_modules")
    (tmp_path / modules).symlink_to(ROOT / modules)
    (tmp_path / "queries" / "tokens-by-hour.kql").write_text(QUERY)
    with (tmp_path / "tests/queries/test_kql.py").open("a") as tests:
        tests.write(ANSWER)
    of_it = "tokens-by-hour or tokens_by_hour or compose or docs or analyzer"
    for command in (
        ["queries.compose"],
        ["pytest", "tests/queries/test_docs.py", "--golden"],
        ["pytest", "tests/queries", "--ignore", "tests/queries/test_workbook_kql.py", "-k", of_it],
    ):
        python = [sys.executable, "-m", *command]
        done = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "tokens-by-hour.kql" in (tmp_path / "docs" / "queries.md").read_text()
