"""States as `pulumi stack export` writes them, of a few resources."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]


def declared(
    resource_id: str,
    kind: str,
    inputs: Json,
    outputs: Json | None = None,
    *,
    version: str = "2024-05-01",
    **more: Any,
) -> Json:
    """One resource of a state; `outputs` are as the inputs where none are given."""
    recorded = inputs if outputs is None else outputs
    return {
        "urn": f"urn:pulumi:dev::project::azure-native:{kind}::{resource_id.rpartition('/')[2]}",
        "type": f"azure-native:{kind}",
        "custom": True,
        "id": resource_id,
        "inputs": inputs,
        "outputs": recorded | {"azureApiVersion": version},
        **more,
    }


def state(*resources: Json, **more: Any) -> str:
    """The text of a state."""
    return json.dumps({"version": 3, "deployment": {"resources": list(resources), **more}})
