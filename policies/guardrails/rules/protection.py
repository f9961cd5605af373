"""Nothing that holds state is deleted by mistake."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from rules.accounts import ACCOUNTS
from rules.finding import Finding
from rules.identities import GROUPS, SERVICES
from rules.models import DEPLOYMENTS
from rules.parameters import Config, Parameter
from rules.resource import Resource
from rules.retention import WORKSPACES

STATEFUL = (GROUPS, WORKSPACES, ACCOUNTS, DEPLOYMENTS, SERVICES)
"""A deployment holds capacity, which may be gone when it is made again."""
STACKS = Parameter("stacks", ("prod*",), "Names of stacks, * and ? allowed, that are protected")


def protected(resource: Resource, config: Config) -> Iterator[Finding]:
    """The engine refuses to delete or replace what is protected.

    https://www.pulumi.com/docs/iac/concepts/resources/options/protect/
    """
    guarded = any(
        fnmatch.fnmatch(resource.stack.lower(), name.lower()) for name in STACKS.read(config)
    )
    if guarded and not resource.protect:
        yield Finding(
            resource=resource,
            path="protect (resource option)",
            found=False,
            wanted=f"true in stack {resource.stack}",
            fix="set the resource option protect to true",
        )
