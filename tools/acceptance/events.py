"""Read from the engine's event log what a run did, as facts by which two runs compare."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Facts = dict[str, str]
QUIET = {"same", "read", "refresh"}
"""Steps that change nothing; the event of a refresh's end has what the refresh found."""
_CODE = re.compile(r'Code="(\w+)"')


@dataclass
class Outcome:
    """The outcome of one step of the life: facts by name, seconds, and operations."""

    step: str
    facts: Facts = field(default_factory=dict)
    seconds: float = 0.0
    operations: dict[str, float] = field(default_factory=dict)
    """Seconds of the longest operation, by `op type`."""


def facts(log: Path) -> Facts:
    """Return what a run did by type and logical name, errors by code, and violated policies."""
    found: Facts = {}
    for event in _events(log):
        if step := event.get("resourcePreEvent") or event.get("resOutputsEvent"):
            found = _step(step["metadata"]) | found
        if said := event.get("diagnosticEvent"):
            found |= _error(said)
        if violated := event.get("policyEvent"):
            name, where = violated["policyName"], _name(str(violated.get("resourceUrn") or ""))
            found[f"policy {name} {where}"] = str(violated["enforcementLevel"])
    return found


def operations(log: Path) -> dict[str, float]:
    """Return the seconds of the longest operation of each kind."""
    begun: dict[tuple[str, str], float] = {}
    taken: dict[str, float] = {}
    for event in _events(log):
        if step := event.get("resourcePreEvent"):
            begun[_key(step["metadata"])] = event["timestamp"]
        if step := event.get("resOutputsEvent"):
            op, urn = _key(step["metadata"])
            kind = f"{op} {step['metadata']['type']}"
            if op not in QUIET and (op, urn) in begun:
                taken[kind] = max(taken.get(kind, 0.0), event["timestamp"] - begun[op, urn])
    return taken


def _events(log: Path) -> Iterator[dict[str, Any]]:
    """Yield each event, without a line that a killed engine did not finish."""
    for line in log.read_text().splitlines() if log.exists() else []:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _key(step: dict[str, Any]) -> tuple[str, str]:
    return str(step["op"]), str(step["urn"])


def _step(step: dict[str, Any]) -> Facts:
    op, kind = step["op"], str(step["type"])
    if op in QUIET or kind.startswith(("pulumi:", "aoai:")):
        return {}
    diffs = ", ".join(sorted(set(step.get("diffs") or [])))
    return {f"{op} {kind} {_name(step['urn'])}": f"of {diffs}" if diffs else "yes"}


def _error(said: dict[str, Any]) -> Facts:
    """Name a resource's error by its code, or by its first words."""
    message = re.sub(r"<\{%.*?%\}>", "", str(said["message"])).strip()
    urn = str(said.get("urn") or "")
    if said["severity"] != "error" or not urn or "pulumi:pulumi:Stack" in urn:
        return {}
    code = _CODE.search(message)
    kind = urn.split("::")[2].rpartition("$")[2]
    return {f"error {kind} {_name(urn)}": code[1] if code else " ".join(message.split()[:8])}


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
