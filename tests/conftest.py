from __future__ import annotations

import atexit
import compileall
import gc
import inspect
import os
import signal
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

import pytest

from harness.example import ROOT

SLOW = {
    "subprocess",
    "harness.machine.Machine",
    "sandbox.logs.kql",
    "tests.components.harness.run_program",
    "tests.components.harness.run_without_insights",
    "tests.queries.database",
    "tests.queries.portal",
}
"""What starts a process, runs KQL or declares a whole stack."""


LONGEST = ("faults", "engine", "sabotage", "recipes", "previews", "tools")
"""Folders whose files take minutes: begun first, no worker is alone with one at the end."""


COMPILED = ("components", "harness", "policies", "queries", "sandbox")
"""Folders whose modules nearly every process that a test starts imports."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden",
        action="store_true",
        help="rewrite tests/previews/golden with what the previews show now",
    )


def pytest_configure() -> None:
    """Keep bytecode for the hundreds of processes that tests start, also where a shell forbids it.

    A copy of the project takes the bytecode along. And heed Ctrl-C, which tests send to what they
    start: a shell that runs a command in the background has it ignored, for every process below.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    for folder in COMPILED:
        compileall.compile_dir(ROOT / folder, quiet=2)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use what is slow, by themselves or by a fixture: not for `make unit`.

    The one example stack that most tests of the components look at counts for none of them.
    Those of `LONGEST` come first.
    """
    items.sort(key=_rank)
    for item in items:
        assert isinstance(item, pytest.Function)
        fixtures = [
            fixture.func
            for fixtures in item._fixtureinfo.name2fixturedefs.values()
            for fixture in fixtures
            if fixture.argname != "example"
        ]
        if any(_uses_slow(one, set()) for one in (item.function, *fixtures)):
            item.add_marker("slow")


def _rank(item: pytest.Item) -> int:
    folder = item.nodeid.split("/")[1]
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)


def _uses_slow(function: object, known: set[object]) -> bool:
    """Tell whether a function, or a helper of the tests that it names, names what is slow."""
    function = inspect.unwrap(function) if callable(function) else function
    if not isinstance(function, FunctionType) or function in known:
        return False
    known.add(function)
    for name in _names(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType) and value.__name__ in SLOW:
            return True
        if isinstance(value, type | FunctionType):
            if SLOW & {value.__module__, f"{value.__module__}.{value.__name__}"}:
                return True
            if value.__module__.startswith("tests.") and _uses_slow(value, known):
                return True
    return False


def _names(code: CodeType) -> Iterator[str]:
    """Every name that a piece of code uses, functions within it too."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def pytest_unconfigure() -> None:
    """Undo what the program asks for at its end: DuckDB would call what is left alive a leak."""
    atexit.unregister(gc.freeze)
