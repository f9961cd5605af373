"""The account's deployments: names and models."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import (
    Deployed,
    Rule,
    differs,
    inside,
    properties,
)
from queries.check.difference import Difference
from queries.outputs import Target

MODEL_FIX = (
    "Azure puts another model in the place of one that retires: name it in `deployments` and run "
    "pulumi up, which makes the deployment again; else pulumi up --refresh puts it back"
)
"""https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements"""


def deployments(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Each declared deployment exists, with its model and SKU.

    The version is left to Azure's upgrades, so a newer one is no difference.
    """
    found = {str(one.get("name")).lower(): one for one in deployed["deployments"] or []}
    for wanted in target.deployments:
        there = found.get(wanted.name.lower())
        if there is None:
            others = ", ".join(sorted(found)) or "none"
            yield Difference(
                path=f"deployment {wanted.name}",
                declared=wanted.model,
                deployed=f"missing (the account has: {others})",
            )
            continue
        model = inside(properties(there), "model", "name")
        yield from differs(f"model of the deployment {wanted.name}", wanted.model, model, MODEL_FIX)
        found_sku = inside(there, "sku", "name")
        if wanted.sku and found_sku:
            yield from differs(f"SKU of the deployment {wanted.name}", wanted.sku, found_sku)


RULES = (Rule(("deployments",), deployments),)
