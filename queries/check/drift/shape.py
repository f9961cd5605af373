"""One property in two shapes: as a program states it, and as Resource Manager answers it.

The provider lifts what lies in `properties` to the top, and writes names in camelCase:
https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/convert/responseBodyToSdkOutputs.go
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]


class Missing:
    """Says that there is no value."""

    def __repr__(self) -> str:
        return "missing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
FREE = "*"
"""Stands in the table for a map whose keys a program chooses, or a value of any form."""
TABLE: dict[str, Json] = json.loads(Path(__file__).with_name("settable.json").read_text())
"""By type, its API version and what a program can set of it; `make docs` writes it from the SDK."""
RENAMED = {
    "apimanagement:Api": {"apiType": "type", "soapApiType": "apiType"},
    "apimanagement:Backend": {"type": "type"},
}
"""Names in the SDK, and in `properties` of the answer, where they differ by more than letter case,
or where a property hides what each resource has beside its properties.

https://github.com/Azure/azure-rest-api-specs/blob/main/specification/apimanagement/resource-manager/Microsoft.ApiManagement/stable/2024-05-01/definitions.json
(`x-ms-client-name`)
"""
ENVELOPE = ("id", "name", "type")
"""What a resource of any type has beside its properties, and no property of that name can hide."""
QUERY = {
    "apimanagement:ApiPolicy": {"format": "rawxml"},
    "applicationinsights:Workbook": {"canFetchContent": "true"},
}
"""What a GET must ask for to get the whole resource.

https://learn.microsoft.com/rest/api/apimanagement/api-policy/get
https://learn.microsoft.com/rest/api/application-insights/workbooks/get
"""


def settable(kind: str) -> Any:
    """Return what a program can set of a type, by name; None if the table does not know it."""
    entry = TABLE.get(kind)
    return entry["properties"] if entry else None


def version(kind: str) -> str:
    """Return the API version of the SDK's class; "" for a type that the table does not know."""
    return str(TABLE.get(kind, {}).get("version", ""))


def answer(kind: str, body: Json, likeness: Iterable[str]) -> Json:
    """Bring an answer of Resource Manager into the form in which the provider keeps it.

    `likeness`: names that the provider's form has at the top. If `properties` is one of them, the
    type keeps it as it is.
    """
    inner = body.get("properties")
    if "properties" in likeness or not isinstance(inner, dict):
        return body
    outer = {name: value for name, value in body.items() if name != "properties"}
    kept = {name: value for name, value in inner.items() if name not in ENVELOPE}
    renamed = RENAMED.get(kind, {})
    for name in renamed.values():
        kept.pop(name, None)
    return outer | kept | {new: inner[old] for new, old in renamed.items() if old in inner}


def child(node: Any, name: str) -> Any:
    """Return a value inside an object, by its name in the SDK; `MISSING` for none or null.

    A name counts without its dots and case (`odata.type` is `odataType`); what lies in `properties`
    counts as lying beside them.
    """
    if not isinstance(node, dict):
        return MISSING
    wanted = _squashed(name)
    key = name if name in node else next((one for one in node if _squashed(one) == wanted), "")
    if key:
        return MISSING if node[key] is None else node[key]
    inner = node.get("properties")
    return child(inner, name) if isinstance(inner, dict) else MISSING


def _squashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
