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


def ways(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that no way leads to the account around the logs, and no API takes calls away."""
    shown = [deployed["account"]]
    yield from judge.judge(deployed["gateway APIs"], shown, target).differences


WAYS = Comparison(("gateway APIs", "account"), ways)
"""Of one account; `Configuration.routes` judges the ways to several."""


COMPARISONS = (
    Comparison(("api", "operations"), operations),
    WAYS,
)
