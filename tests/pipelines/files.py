"""The pipelines as their tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
AZURE = [ROOT / "azure-pipelines.yml", *sorted((ROOT / ".azure").glob("*.yml"))]

Yaml = dict[Any, Any]


def load(file: Path) -> Yaml:
    loaded: Yaml = yaml.safe_load(file.read_text())
    return loaded


def workflow(name: str) -> Yaml:
    return load(ROOT / ".github" / "workflows" / f"{name}.yml")


def workflow_text(name: str) -> str:
    return (ROOT / ".github" / "workflows" / f"{name}.yml").read_text()


def jobs(file: Path) -> Iterator[tuple[str, Yaml]]:
    yield from load(file)["jobs"].items()


def steps(file: Path) -> Iterator[Yaml]:
    loaded = load(file)
    for part in (loaded, *loaded.get("jobs", {}).values()):
        yield from part.get("runs", part).get("steps", [])


def stages() -> dict[str, Yaml]:
    """Every stage of Azure Pipelines, those in a template's condition included."""

    def flat(items: list[Yaml]) -> Iterator[Yaml]:
        for item in items:
            if "stage" in item:
                yield item
            else:
                for nested in item.values():
                    yield from flat(nested)

    return {stage["stage"]: stage for stage in flat(load(AZURE[0])["stages"])}


def scripts() -> dict[str, str]:
    """Every script that Azure Pipelines runs signed in, by the name of its step."""
    templates = [job for stage in stages().values() for job in stage["jobs"]]
    templates += load(ROOT / ".azure" / "check.yml")["jobs"]
    templates += stages()["Preview"]["jobs"][0]["steps"]
    given = [template.get("parameters", {}) for template in templates]
    return {each["name"]: each["script"] for each in given if "script" in each}


def fake(folder: Path, name: str, script: str) -> None:
    """A command that takes the place of a real one."""
    (folder / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / name).chmod(0o755)
