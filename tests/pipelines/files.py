"""The pipelines as their tests read them."""

from __future__ import annotations

import re
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


def steps(part: Yaml) -> Iterator[Yaml]:
    """The steps of a job or an action, with those of the project's own actions in their places."""
    for step in part.get("runs", part).get("steps", []):
        own = re.fullmatch(r"\./(\.github/actions/.+)", step.get("uses", ""))
        yield from steps(load(ROOT / own[1] / "action.yml")) if own else [step]


def steps_of(file: Path) -> list[Yaml]:
    """The steps of all jobs of a workflow, or of an action."""
    loaded = load(file)
    return [step for part in (loaded, *loaded.get("jobs", {}).values()) for step in steps(part)]


def triggers(file: Path) -> Yaml:
    """What starts a workflow; YAML 1.1 reads the key `on` as true."""
    found = load(file)[True]
    return found if isinstance(found, dict) else {found: None}


def runs() -> Iterator[tuple[Path, Yaml, str, Yaml]]:
    """Every job that something starts: by which file and which of its jobs, and the job that runs.

    The two differ where a job calls another workflow.
    """

    def called(name: str, job: Yaml) -> Iterator[tuple[str, Yaml]]:
        if "uses" not in job:
            yield name, job
            return
        for inner, each in jobs(ROOT / job["uses"]):
            yield from called(f"{name}/{inner}", each)

    for file in WORKFLOWS:
        if set(triggers(file)) != {"workflow_call"}:
            for name, entry in jobs(file):
                for full, job in called(name, entry):
                    yield file, entry, f"{file.stem}/{full}", job


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


def resolved(value: Any, given: Yaml) -> Any:
    """A template with its parameters put in."""
    if isinstance(value, dict):
        return {resolved(key, given): resolved(each, given) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, given) for each in value]
    if not isinstance(value, str):
        return value
    pattern = r"\$\{\{ (?:trim\()?parameters\.(\w+)\)? \}\}"
    return re.sub(pattern, lambda found: str(given.get(found[1], found[0])), value)


def flat(items: list[Yaml], key: str) -> Iterator[Yaml]:
    """Jobs or steps of Azure Pipelines, with those of templates and conditions in their places."""
    for item in items:
        if "template" in item:
            file = ROOT / ".azure" / item["template"].rpartition("/")[2]
            template = load(file)
            defaults = {each["name"]: each.get("default") for each in template["parameters"]}
            given = {**defaults, **item.get("parameters", {})}
            yield from flat(resolved(template[key], given), key)
        elif next(iter(item)).startswith("${{"):
            yield from flat(next(iter(item.values())), key)
        else:
            yield item


def azure_jobs() -> Iterator[tuple[str, Yaml, Yaml, list[Yaml]]]:
    """Every job of Azure Pipelines: its stage's name and stage, the job, and all of its steps."""
    for name, stage in stages().items():
        for job in flat(stage["jobs"], "jobs"):
            own = job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
            yield name, stage, job, list(flat(own, "steps"))


def fake(folder: Path, name: str, script: str) -> None:
    """A command that takes the place of a real one."""
    (folder / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / name).chmod(0o755)
