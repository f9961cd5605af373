"""Hold the walls of the house: which room may import which, and no circle anywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from harness.example import ROOT

MAY_IMPORT: dict[str, set[str]] = {
    "components.azure": {"queries.contract"},
    "components.alerts": {"components.azure", "queries.library", "queries.contract"},
    "components.settings": {
        *("components.azure", "components.alerts", "queries.library", "policies.gateway"),
        "queries.contract",
    },
    "components": {"components.azure", "components.settings", "queries.contract"},
    "components.openai_api": {
        *("components", "components.azure", "components.settings", "queries.contract"),
    },
    "components.insights": {
        *("components", "components.azure", "components.alerts", "components.settings"),
        *("components.openai_api", "queries.library", "queries.contract"),
    },
    "components.outputs": {
        *("components", "components.azure", "components.settings"),
        *("components.openai_api", "components.insights", "queries.contract", "queries.wire"),
    },
    "components.preflight": {
        *("components.azure", "components.settings", "queries", "queries.check"),
        "queries.contract",
    },
    "__main__": {
        *("components", "components.azure", "components.settings", "components.preflight"),
        *("components.openai_api", "components.insights", "components.outputs"),
    },
    "queries.library": set(),
    "queries.contract": set(),
    "queries.wire": {"queries.contract"},
    "queries": {"queries.library", "queries.contract", "queries.wire"},
    "queries.check": {"queries", "queries.library", "queries.contract", "policies.gateway"},
    "queries.report": {"queries", "queries.library", "queries.contract", "queries.check"},
    "policies.gateway": set(),
    "pack": {"policies.gateway"},
    "guardrails": {"pack"},
    "sandbox": set(),
    "harness": {"sandbox", "queries", "queries.check"},
    "tools": {
        *("components.azure", "components.alerts", "components.settings", "components.insights"),
        "components.openai_api",
        *("harness", "sandbox", "pack"),
        *("queries", "queries.library", "queries.check"),
    },
}
"""By room, the other rooms that its files may import; of the project's own alone."""
TOP = {name.split(".")[0] for name in MAY_IMPORT} | {"tests"}


def _modules() -> dict[str, Path]:
    """Every module of the project by its dotted name, tests and generated SDKs apart."""
    files = [ROOT / "__main__.py"]
    for room in ("components", "harness", "queries", "sandbox", "tools", "policies"):
        files += (ROOT / room).rglob("*.py")
    return {_name(file): file for file in files if "node_modules" not in file.parts}


def _name(file: Path) -> str:
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    if parts[:2] == ["policies", "guardrails"]:
        parts = parts[2:] if len(parts) > 3 or parts[2] == "pack" else ["guardrails"]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = _modules()


def _imports(file: Path) -> Iterator[str]:
    """Every module of the project that a file imports, wherever in it that stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in whole]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in TOP)


def _room(module: str) -> str:
    """The innermost room of the table that a module lies in."""
    parts = module.split(".")
    ends = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return next((name for name in ends if name in MAY_IMPORT), module)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_file_imports_only_what_its_room_may(module: str) -> None:
    room = _room(module)
    reached = {_room(name) for name in _imports(MODULES[module])} - {room}
    allowed = MAY_IMPORT.get(room, set())
    assert reached <= allowed, f"{module} of room {room} imports {reached - allowed}"


def test_no_circle() -> None:
    graph = {name: set(_imports(file)) - {name} for name, file in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_import_is_hidden_from_the_program(module: str) -> None:
    """A guard on `TYPE_CHECKING` would hide a circle from Python and from the test above."""
    assert "TYPE_CHECKING" not in MODULES[module].read_text()


def test_every_room_of_the_table_is_there() -> None:
    assert {_room(name) for name in MODULES} == set(MAY_IMPORT)


def test_a_stack_file_is_judged_without_the_azure_sdk() -> None:
    code = "import components.settings.load, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not [name for name in done.stdout.split() if name.startswith("pulumi_azure_native")]
