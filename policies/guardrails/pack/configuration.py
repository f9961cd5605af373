"""What a file of the pack's configuration may say: its policies, and their parameters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pulumi_policy import Policy

FOLDER = Path(__file__).resolve().parents[2]
ALL, LEVEL = "all", "enforcementLevel"
"""What the engine itself reads: the level of every policy not named, and of the one named.

https://www.pulumi.com/docs/insights/policy/policy-packs/configuration/
"""


def check(policies: Sequence[Policy], folder: Path = FOLDER) -> None:
    """Refuse files, `guardrails*.json` beside the pack, that say what nobody would read.

    The engine judges values itself. It hands the pack no name that the pack does not have, and
    does not say which file it was given; so all that lie there are read.

    Raises:
        SystemExit: with what was found, what is allowed, and the fix.
    """
    known: dict[str, list[str]] = {ALL: [LEVEL]}
    for policy in policies:
        known[policy.name] = [
            *(policy.config_schema.properties if policy.config_schema else ()),
            LEVEL,
        ]
    for file in sorted(folder.glob("guardrails*.json")):
        for name, given in json.loads(file.read_text(encoding="utf-8") or "{}").items():
            _require(f"{file.name}: a policy", name, known)
            for parameter in given if isinstance(given, dict) else ():
                _require(f"{file.name}: a parameter of {name}", parameter, known[name])


def _require(what: str, name: str, known: Sequence[str] | dict[str, list[str]]) -> None:
    if name not in known:
        raise SystemExit(
            f"{what} is named {name!r}; wanted: {', '.join(sorted(known))}; "
            f"fix: correct or remove {name!r}"
        )
