"""List the policies for people: rows of docs/guardrails.md."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pulumi_policy import Policy

from pack.catalogue import POLICIES

HEAD = "policy | level | wants | parameters"


def rows() -> Iterator[tuple[str, ...]]:
    """Yield name, level, wording and parameters with their defaults of each policy."""
    for policy in POLICIES:
        level = policy.enforcement_level.value if policy.enforcement_level else ""
        yield f"`{policy.name}`", level, policy.description, ", ".join(_parameters(policy))


def _parameters(policy: Policy) -> Iterator[str]:
    if policy.config_schema:
        for name, schema in policy.config_schema.properties.items():
            yield f"`{name}` {json.dumps(schema['default'])}"
