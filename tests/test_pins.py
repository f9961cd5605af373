"""One version of each thing, wherever it is named."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from sandbox.stack import ENGINE_VERSION
from tools import setup
from tools.upgrade.command import Tree
from tools.upgrade.go import ENGINE_PLACES, LANGUAGE, SETUP
from tools.upgrade.python import CONSTRAINTS, GO, REQUIREMENTS, key, pins
from tools.upgrade.sdk import NATIVE, places

ROOT = Path(__file__).resolve().parent.parent


def text(name: str) -> str:
    return (ROOT / name).read_text()


def test_every_place_names_the_same_engine() -> None:
    module = text("tools/engine/go.mod")
    assert {
        "requirements.txt": pins(text("requirements.txt"))["pulumi"],
        "sandbox/stack.py": ENGINE_VERSION,
        "Pulumi.yaml": yaml.safe_load(text("Pulumi.yaml"))["requiredPulumiVersion"],
        "go.mod": re.findall(r"github.com/pulumi/pulumi/(?:pkg|sdk)/v3 v(\S+)", module),
        "go.sum": re.findall(
            r"^\S+/pulumi/pkg/v3 v([\d.]+) h1:", text("tools/engine/go.sum"), re.MULTILINE
        ),
    } == {
        "requirements.txt": setup.ENGINE,
        "sandbox/stack.py": setup.ENGINE,
        "Pulumi.yaml": f">={setup.ENGINE} <{int(setup.ENGINE.split('.')[0]) + 1}.0.0",
        "go.mod": [setup.ENGINE] * 2,
        "go.sum": [setup.ENGINE],
    }


def test_every_place_names_the_same_azure_native() -> None:
    pinned = pins(text("requirements.txt"))[NATIVE]
    (package,) = yaml.safe_load(text("Pulumi.yaml"))["packages"].values()
    assert package["version"] == pinned
    named = {name: re.findall(r"\b\d+\.\d+\.\d+\b", text(name)) for name in places(Tree(ROOT))}
    told = {name for name, found in named.items() if pinned in found}
    folder = "sdks/azure-native_apimanagement_v20240601preview"
    inner = f"{folder}/pulumi_azure_native_apimanagement_v20240601preview"
    assert told == {
        "Pulumi.yaml",
        f"{folder}.schema.json",
        f"{folder}/pyproject.toml",
        f"{inner}/_utilities.py",
        f"{inner}/pulumi-plugin.json",
    }


@pytest.mark.parametrize("name", ENGINE_PLACES)
def test_an_upgrade_finds_the_engine_where_it_is_named(name: str) -> None:
    assert text(name).count(ENGINE_PLACES[name].format(*setup.ENGINE.split("."))) == 1


def test_an_upgrade_finds_go_where_it_is_named() -> None:
    (found,) = GO.finditer(text(SETUP))
    assert f"{found['name']}=={found['version']}" == setup.GO_PACKAGE
    (language,) = LANGUAGE.finditer(text(SETUP))
    assert (int(language[2]), int(language[4])) == setup.GO


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_as_the_constraints_say(name: str) -> None:
    others = ("#", "-r ", "./sdks/")
    lines = [line for line in text(name).splitlines() if not line.startswith(others)]
    found = pins(text(name))
    assert len(found) == len(lines), "a line is no exact pin"
    constraints = pins(text(CONSTRAINTS))
    assert found == {package: constraints.get(package) for package in found}


def test_constraints_are_exact_and_name_each_package_once() -> None:
    lines = text(CONSTRAINTS).splitlines()
    names = [key(line.partition("==")[0]) for line in lines]
    assert len(pins(text(CONSTRAINTS))) == len(lines) == len(set(names))


def test_development_has_what_the_stack_has_and_repeats_none_of_it() -> None:
    assert "-r requirements.txt" in text("requirements-dev.txt").splitlines()
    assert not pins(text("requirements.txt")).keys() & pins(text("requirements-dev.txt")).keys()


def test_every_place_names_the_same_python() -> None:
    oldest = "{}.{}".format(*setup.OLDEST_PYTHON)
    tools = tomllib.loads(text("pyproject.toml"))["tool"]
    github = yaml.safe_load(text(".github/actions/set-up/action.yml"))["runs"]["steps"]
    azure = yaml.safe_load(text(".azure/set-up.yml"))["steps"]
    assert {
        tools["ruff"]["target-version"].removeprefix("py").replace("3", "3.", 1),
        tools["mypy"]["python_version"],
        *(step["with"]["python-version"] for step in github if "setup-python" in str(step)),
        *(step["inputs"]["versionSpec"] for step in azure if "UsePython" in str(step)),
    } == {oldest}


def test_go_builds_what_its_modules_ask_for() -> None:
    wanted = ".".join(map(str, setup.GO))
    for module in ("engine", "actionlint"):
        assert f"\ngo {wanted}" in text(f"tools/{module}/go.mod")


@pytest.mark.parametrize("folder", ["tests/queries/analyzer", "tests/report/browser"])
def test_node_packages_are_exact(folder: str) -> None:
    package = json.loads(text(f"{folder}/package.json"))
    lock = json.loads(text(f"{folder}/package-lock.json"))["packages"]
    for name, version in package["dependencies"].items():
        assert lock[f"node_modules/{name}"]["version"] == version
    fetched = [entry for path, entry in lock.items() if path]
    assert all(entry["integrity"].startswith("sha512-") for entry in fetched)
    assert not [entry for entry in fetched if "resolved" in entry], "a lock names a registry"
