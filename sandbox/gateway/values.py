"""What a policy expression computes with: JSON tokens, matches, exceptions, bodies."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.gateway.call import Call, GatewayError

BUFFER_V2 = 2 * 1024 * 1024
"""Bytes of a body that a gateway of a v2 tier holds; one of a classic tier holds 500 MiB.

https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-gateway-constraints.md
"""


def held(call: Call, body: bytes) -> bytes:
    """Return a body that the tier can hold; a larger one ends the call.

    https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-gateway-constraints.md

    Sure: inferred, as the page has the numbers, and not how the call ends, nor whether a `catch`
    takes it.
    """
    tier = str((call.service.body.get("sku") or {}).get("name"))
    if tier.endswith("V2") and len(body) > BUFFER_V2:
        text = "The body is larger than the gateway can buffer."
        raise GatewayError(500, "policy-expression", "ExpressionValueEvaluationFailure", text)
    return body


class ThrownError(Exception):
    """A .NET exception: a `catch` of the expression takes it, or the call fails."""


@dataclass(frozen=True)
class Token:
    """A `JToken`: a JSON value, `null` included, which is not C#'s."""

    value: Any


@dataclass(frozen=True)
class Property:
    """A `JProperty`."""

    name: str
    value: Any


@dataclass(frozen=True)
class Part:
    """`context`, one of the objects below it, or a class or constant of .NET, by its path."""

    path: str


@dataclass(frozen=True)
class Group:
    """A `Match`, or a `Group` of one: what a pattern found, with its groups."""

    found: re.Match[str] | None
    number: int = 0
