"""Which API takes a call: the operations of the stack's own, and the gateway's other APIs."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import (
    Comparison,
    Deployed,
    missing,
    properties,
)
from queries.check.difference import Difference
from queries.check.gateway import judge
from queries.check.gateway.logged import IN_PORTAL
from queries.outputs import Target


def operations(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand every operation of the imported document; required queries are part of a template.

    https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
    """
    if deployed["api"] is None:
        return
    found = {
        f"{p.get('method')} {str(p.get('urlTemplate')).partition('?')[0]}".lower()
        for p in map(properties, deployed["operations"])
    }
    for operation in target.operations:
        if operation.lower() not in found:
            yield missing(f"operation {operation}", target.operations[operation] or "there")


def shadowed(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that no other API takes calls away: of several paths the longest that fits wins."""
    for scope in deployed["gateway APIs"].scopes:
        for api in scope.apis:
            path = str(api.properties.get("path") or "")
            own = not scope.workspace and api.base == target.api_id.lower()
            if not own and f"{path}/".lower().startswith(f"{target.api_path}/".lower()):
                yield Difference(
                    path=f"API that takes calls to /{path}",
                    declared=target.api_id,
                    deployed=api.name,
                    fix=f"{IN_PORTAL} > {api.name}: give it another path, or delete it",
                )


def ways(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that no way leads to the account around the logs."""
    yield from judge.judge(deployed["gateway APIs"], deployed["account"], target).differences


COMPARISONS = (
    Comparison(("api", "operations"), operations),
    Comparison(("gateway APIs",), shadowed),
    Comparison(("gateway APIs", "account"), ways),
)
