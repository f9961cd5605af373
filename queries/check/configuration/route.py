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
from queries.outputs import Target

IN_PORTAL = "portal: API Management > APIs"


def operations(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Every operation of the imported document is there; required queries are part of a template.

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
    """No other API takes calls away: of several paths the longest that fits wins."""
    for api in deployed["neighbours"]:
        path = str(properties(api).get("path") or "")
        if f"{path}/".lower().startswith(f"{target.api_path}/".lower()):
            yield Difference(
                path=f"API that takes calls to /{path}",
                declared=target.api_id,
                deployed=str(api.get("name")),
                fix=f"{IN_PORTAL} > {api.get('name')}: give it another path, or delete it",
            )


def unlogged(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """No other API leads to the account without a diagnostic, its own or that of all APIs."""
    for api in deployed["neighbours"]:
        if api.get("diagnostic", api) is None:
            name = str(api.get("name"))
            fix = f"{IN_PORTAL} > {name} > Settings > Azure Monitor, or delete it"
            yield missing(
                f"diagnostic azuremonitor of the API {name}, which leads to the account",
                "as of the stack's API",
                fix,
            )


UNLOGGED = Comparison(("neighbours",), unlogged)
COMPARISONS = (
    Comparison(("api", "operations"), operations),
    Comparison(("neighbours",), shadowed),
    UNLOGGED,
)
