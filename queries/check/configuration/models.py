"""The account's deployments: names and models."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import (
    Comparison,
    Deployed,
    differs,
    inside,
    properties,
)
from queries.check.difference import REFRESH, Difference
from queries.outputs import Target

RETIRED_FIX = (
    "if Azure put it in the place of a retired model, name it in `deployments` and run "
    "pulumi up, which makes the deployment again; otherwise "
)
"""https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements"""

THEIRS = "say in `deployments` what the account has, or name another deployment, and run pulumi up"


def _put_back(name: str) -> str:
    """Advise how to put a deployment back: no page says if Azure takes another SKU in place."""
    return (
        "pulumi up --refresh asks Azure to put it back; if Azure refuses, pulumi up "
        f"--replace '**deployment-{name}' makes it again"
    )


def deployments(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that each declared deployment exists, with its model and SKU.

    The version is left to Azure's upgrades, so a newer one is no difference.
    """
    found = {str(one.get("name")).lower(): one for one in deployed["deployments"] or []}
    for wanted in target.deployments:
        back = THEIRS if wanted.existing else _put_back(wanted.name)
        there = found.get(wanted.name.lower())
        if there is None:
            others = ", ".join(sorted(found)) or "none"
            yield Difference(
                path=f"deployment {wanted.name}",
                declared=wanted.model,
                deployed=f"missing (the account has: {others})",
                fix=THEIRS if wanted.existing else REFRESH,
            )
            continue
        model = inside(properties(there), "model", "name")
        path = f"model of the deployment {wanted.name}"
        retired = "" if wanted.existing else RETIRED_FIX
        yield from differs(path, wanted.model, model, retired + back)
        sku = inside(there, "sku", "name")
        if wanted.sku and sku:
            yield from differs(f"SKU of the deployment {wanted.name}", wanted.sku, sku, back)


COMPARISONS = (Comparison(("deployments",), deployments),)
