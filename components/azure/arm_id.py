"""The ids by which Azure Resource Manager names resources."""

from __future__ import annotations

import re
from dataclasses import dataclass

# https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource#resourceid
_PATTERN = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{36})/resourceGroups/(?P<group>[^/]+)"
    r"/providers/(?P<type>[^/]+/[^/]+)/(?P<name>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class ArmId:
    """A top-level resource's id, taken apart."""

    subscription_id: str
    resource_group: str
    name: str

    def lower(self) -> ArmId:
        """Return the id in lower case, as Azure tells ids apart."""
        return ArmId(
            subscription_id=self.subscription_id.lower(),
            resource_group=self.resource_group.lower(),
            name=self.name.lower(),
        )


def shape(arm_type: str) -> str:
    """Return the form of a type's ids, with placeholders, for a message."""
    return f"/subscriptions/<id>/resourceGroups/<group>/providers/{arm_type}/<name>"


def parse(text: str, arm_type: str) -> ArmId | None:
    """Take the id of an `arm_type` apart; return None if `text` is anything else."""
    found = _PATTERN.fullmatch(text)
    if found is None or found["type"].lower() != arm_type.lower():
        return None
    return ArmId(
        subscription_id=found["subscription"], resource_group=found["group"], name=found["name"]
    )


def require(text: str, arm_type: str) -> ArmId:
    """Take apart an id that the settings have checked already.

    Raises:
        ValueError: `text` is not the id of an `arm_type`.
    """
    found = parse(text, arm_type)
    if found is None:
        raise ValueError(f"{text!r} is not of the form {shape(arm_type)}")
    return found
