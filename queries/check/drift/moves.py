"""What Azure moves by itself, and what it never tells: each with its source."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from queries.check.drift.shape import MISSING, child
from queries.check.drift.state import Declared

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
Judge = Callable[[Any, Any], bool]
"""Whether Azure may have made the second value of the first."""


@dataclass(frozen=True)
class Move:
    """A property that Azure changes by itself."""

    kind: str
    """Type of the resource; "" for any."""
    path: str
    """Pattern of the property's path."""
    by_azure: Judge


VERSION_OF_MODEL = "properties.model.version"
KEPT = "NoAutoUpgrade"
"""Upgrade option under which Azure leaves a model's version: calls fail once that is retired.

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-versions
"""


def _newer(before: Any, now: Any) -> bool:
    """Tell whether a model's version only went forward, as its upgrades go."""
    dates = [text for text in (before, now) if isinstance(text, str) and _DATE.fullmatch(text)]
    return len(dates) == 2 and dates[0] < dates[1]  # noqa: PLR2004 - both are dates


MOVES = (
    # https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai-auto
    Move(
        "cognitiveservices:Account",
        "kind",
        lambda before, now: (before, now) == ("OpenAI", "AIServices"),
    ),
    Move(
        "cognitiveservices:Account",
        r"properties\.allowProjectManagement",
        lambda before, now: not before and now is True,
    ),
    # https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-versions
    Move("cognitiveservices:Deployment", re.escape(VERSION_OF_MODEL), _newer),
    # https://learn.microsoft.com/azure/governance/policy/tutorials/govern-tags
    Move("", r"tags\..*", lambda before, _: before is MISSING),
    # https://learn.microsoft.com/rest/api/loganalytics/saved-searches/get
    # https://github.com/pulumi/pulumi-azure-native/issues/4722
    Move("", r"(.*\.)?etag", lambda _, __: True),
    # https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/private_endpoint
    # Azure empties it once the names lie in a zone.
    Move("network:PrivateEndpoint", r"customDnsConfigs.*", lambda _, __: True),
    # https://github.com/hashicorp/terraform-provider-azurerm/issues/28979
    Move(
        "network:VirtualNetwork",
        r"subnets\[\d+\]\.serviceAssociationLinks.*",
        lambda before, _: before is MISSING,
    ),
    # https://learn.microsoft.com/azure/api-management/configure-custom-domain
    Move(
        "apimanagement:ApiManagementService",
        r"hostnameConfigurations\[\d+\]\.certificate.*",
        lambda _, __: True,
    ),
)

WRITE_ONLY = {
    # https://learn.microsoft.com/rest/api/apimanagement/apis/create-or-update
    # Operations are compared with what was imported: see `imported`.
    "apimanagement:Api": {"format", "value", "translateRequiredQueryParametersConduct"},
    # https://learn.microsoft.com/rest/api/apimanagement/api-policy/get: Azure answers in the form
    # that the request asks for.
    "apimanagement:ApiPolicy": {"format"},
    # https://learn.microsoft.com/rest/api/apimanagement/subscription/create-or-update: keys are
    # given by listSecrets alone; `keys` and the calls show them.
    "apimanagement:Subscription": {"primaryKey", "secondaryKey", "appType", "notify"},
    # https://learn.microsoft.com/rest/api/apimanagement/api-management-service/create-or-update
    "apimanagement:ApiManagementService": {"restore"},
}
"""What a GET does not tell, or tells as it was asked, by type and path: nothing to compare with."""


def by_azure(kind: str, path: str, before: Any, now: Any) -> bool:
    """Tell whether Azure itself may have changed a property so."""
    return any(
        move.kind in {"", kind} and re.fullmatch(move.path, path) and move.by_azure(before, now)
        for move in MOVES
    )


def unexplained(of: Declared, path: str) -> bool:
    """Tell whether a move is one that the program asks Azure not to make.

    A model that retires may get a successor all the same, which no answer tells apart.
    https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
    """
    options = (child(child(one, "properties"), "versionUpgradeOption") for one in _both(of))
    option = next((one for one in options if one is not MISSING), "")
    return path == VERSION_OF_MODEL and option == KEPT


def _both(of: Declared) -> tuple[Any, Any]:
    return of.inputs, of.outputs
