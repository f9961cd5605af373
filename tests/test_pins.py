"""One version of each thing, wherever it is named, and a hash of each package."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from sandbox.stack import ENGINE_VERSION
from tools.setup.__main__ import PYTHONS
from tools.setup.engine import ENGINE
from tools.setup.packages import lock
from tools.upgrade import FILES, OWN, key, pins, whole

ROOT = Path(__file__).resolve().parent.parent
NATIVE = "pulumi-azure-native"
SDK = ROOT / "sdks" / "azure-native_apimanagement_v20240601preview"
STACKS = ("components", "policies", "queries", "tools/adopt")
"""What runs on a stack, in pipelines with an identity of Azure, but for the report."""


def text(name: str) -> str:
    return (ROOT / name).read_text()


def test_every_place_names_the_same_engine() -> None:
    module = text("tools/engine/go.mod")
    major, minor, _ = ENGINE.split(".")
    assert {
        "sandbox/stack.py": ENGINE_VERSION,
        "Pulumi.yaml": yaml.safe_load(text("Pulumi.yaml"))["requiredPulumiVersion"],
        "README.md": re.findall(r"download-install/\)\s+([\d.]+) or newer", text("README.md")),
        "go.mod": re.findall(r"github.com/pulumi/pulumi/(?:pkg|sdk)/v3 v(\S+)", module),
        "go.sum": re.findall(
            r"^\S+/pulumi/pkg/v3 v([\d.]+) h1:", text("tools/engine/go.sum"), re.MULTILINE
        ),
    } == {
        "sandbox/stack.py": ENGINE,
        "Pulumi.yaml": f">={ENGINE} <{int(major) + 1}.0.0",
        "README.md": [f"{major}.{minor}"],
        "go.mod": [ENGINE] * 2,
        "go.sum": [ENGINE],
    }


def test_every_place_names_the_same_azure_native() -> None:
    pinned = pins(text("requirements.txt"))[NATIVE]
    (package,) = yaml.safe_load(text("Pulumi.yaml"))["packages"].values()
    (module,) = (path for path in SDK.iterdir() if path.name.startswith("pulumi_"))
    schema = SDK.with_name(f"{SDK.name}.schema.json")
    assert {
        package["version"],
        tomllib.loads((SDK / "pyproject.toml").read_text())["project"]["version"],
        json.loads((module / "pulumi-plugin.json").read_text())["version"],
        *re.findall(r'"(\d+\.\d+\.\d+)"', (module / "_utilities.py").read_text()),
        *re.findall(r'"(\d+\.\d+\.\d+)"', schema.read_text()),
    } == {pinned}


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_exact_and_locked(name: str) -> None:
    others = ("#", "-r ", "./sdks/")
    lines = [line for line in text(name).splitlines() if not line.startswith(others)]
    assert len(pins(text(name))) == len(lines), "a line is no exact pin"
    assert pins(whole(name)).items() <= pins(lock(name).read_text()).items()


@pytest.mark.parametrize("name", FILES)
def test_every_package_of_a_lock_has_its_hashes(name: str) -> None:
    packages = re.findall(r"^\S.*\\\n(?:    .+\n)+", lock(name).read_text(), re.MULTILINE)
    assert "".join(packages) == lock(name).read_text(), "something else stands between them"
    for package in packages:
        first, *hashes = package.replace(" \\\n", "\n").splitlines()
        assert re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; [^#]+)?", first), first
        assert all(re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}", one) for one in hashes), first


def requirements(name: str) -> dict[str, Requirement]:
    """What a lock asks for, as the standard reads it."""
    lines = re.findall(r"^(\S.*?) \\$", lock(name).read_text(), re.MULTILINE)
    return {key(one.name): one for one in map(Requirement, lines)}


def test_what_is_installed_is_what_is_locked() -> None:
    """Every package is there in its version, and so is what each of them needs."""
    locked = requirements("requirements-dev.txt")
    wanted = {name: one for name, one in locked.items() if not one.marker or one.marker.evaluate()}
    assert {name: version(name) for name in wanted} == {
        name: str(one.specifier).removeprefix("==") for name, one in wanted.items()
    }


def needed(name: str) -> set[str]:
    """What a requirements file names, and all that this brings along on this machine."""
    todo = [Requirement(one) for one in pins(whole(name))] + [Requirement(OWN)]
    seen: dict[str, Requirement] = {}
    while todo:
        one = todo.pop()
        if str(one) not in seen:
            seen[str(one)] = one
            for more in map(Requirement, requires(one.name) or ()):
                contexts = [{"extra": extra} for extra in ("", *one.extras)]
                if not more.marker or any(map(more.marker.evaluate, contexts)):
                    todo.append(more)
    return {key(one.name) for one in seen.values()} - {OWN}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_holds_what_its_requirements_bring_along_and_nothing_else(name: str) -> None:
    locked = requirements(name)
    here = {name for name, one in locked.items() if not one.marker or one.marker.evaluate()}
    assert here == needed(name)


def test_the_stacks_lock_repeats_the_whole_one() -> None:
    narrow, wide = (requirements(name) for name in ("requirements.txt", "requirements-dev.txt"))
    assert {name: str(one) for name, one in narrow.items()}.items() <= {
        name: str(one) for name, one in wide.items()
    }.items()
    assert len(narrow) < len(wide)


def imported(place: str) -> Iterator[str]:
    """The packages whose modules a room imports, other than Python's own and the project's."""
    distributions = packages_distributions()
    for file in (ROOT / place).rglob("*.py"):
        parsed = ast.parse("" if "report" in file.parts else file.read_text())
        for node in ast.walk(parsed):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            for name in names:
                module = name.partition(".")[0]
                if module not in sys.stdlib_module_names:
                    yield from map(key, distributions.get(module, []))


@pytest.mark.parametrize("place", STACKS)
def test_what_runs_against_a_stack_needs_only_the_stacks_packages(place: str) -> None:
    locked = {*requirements("requirements.txt"), OWN}
    found = set(imported(place))
    assert found, "nothing was read"
    assert found <= locked


def test_development_repeats_none_of_what_the_stack_has() -> None:
    assert "-r requirements.txt" in text("requirements-dev.txt").splitlines()
    assert not pins(text("requirements.txt")).keys() & pins(text("requirements-dev.txt")).keys()


@pytest.mark.parametrize("folder", ["tests/queries/analyzer", "tests/report/browser"])
def test_node_packages_are_exact(folder: str) -> None:
    package = json.loads(text(f"{folder}/package.json"))
    locked = json.loads(text(f"{folder}/package-lock.json"))["packages"]
    for name, exact in package["dependencies"].items():
        assert locked[f"node_modules/{name}"]["version"] == exact
    fetched = [entry for path, entry in locked.items() if path]
    assert all(entry["integrity"].startswith("sha512-") for entry in fetched)
    assert not [entry for entry in fetched if "resolved" in entry], "a lock names a registry"


def test_every_place_names_the_same_pythons() -> None:
    oldest, newest = (".".join(map(str, each)) for each in PYTHONS)
    tools = tomllib.loads(text("pyproject.toml"))["tool"]
    assert tools["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert tools["mypy"]["python_version"] == oldest
    assert f"Python {oldest} to {newest}" in text("README.md")
