"""Write the OpenAPI document from which the gateway imports its operations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pulumi
import yaml

from components.settings import api_document

TITLE = "Azure OpenAI Service API"
"""Title of the API; an import takes it from the document.

https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

SHOWN_AS_TEXT = {"x-shown-as-text": {date.min: ""}}
"""Has a preview show the lines of a document that change, rather than all of it.

Of JSON and YAML the engine shows the whole tree, unless a key is a date: that YAML it takes for a
text. API Management leaves extensions out.
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/display/object_diff.go#L1438
https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

TEXT = "tag:yaml.org,2002:str"
"""YAML's name of what is text."""


class _Dumper(yaml.SafeDumper):
    """Every part is written out where it stands, and every text in quotes, as in JSON.

    Versions of YAML differ in what they take for a number or a date: this one writes "0914" bare,
    and the reader of API Management's vendor finds a number in it.
    https://github.com/microsoft/OpenAPI.NET/blob/main/src/Microsoft.OpenApi.YamlReader/YamlConverter.cs
    """

    def ignore_aliases(self, _data: Any) -> bool:
        """No anchors."""
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Line by line where it has lines, for a diff to show those that change."""
        lines = data.split("\n")
        has_lines = len(lines) > 1 and all(map(str.isprintable, lines))
        return self.represent_scalar(TEXT, data, style="|" if has_lines else '"')

    def represent_mapping(self, tag: str, mapping: Any, flow_style: Any = None) -> yaml.MappingNode:
        """A key is text to every reader, with quotes or without."""
        node = super().represent_mapping(tag, mapping, flow_style)
        for key, _ in node.value:
            key.style = None if key.value.isprintable() else '"'
        return node


_Dumper.add_representer(str, _Dumper.represent_str)


@dataclass(frozen=True, kw_only=True)
class ApiImport:
    """What the API resource takes: the kind of import, and the document or its URL."""

    format: str
    value: pulumi.Input[str]


def prepare(source: str, backend_url: pulumi.Output[str]) -> ApiImport:
    """Prepare an import; an inline document gets `backend_url` as its server, and our title."""
    if api_document.is_url(source):
        is_json = urlsplit(source).path.lower().endswith(".json")
        return ApiImport(format="openapi+json-link" if is_json else "openapi-link", value=source)
    document = api_document.read(source)
    value = backend_url.apply(lambda url: render(document, url))
    return ApiImport(format="openapi", value=value)


def render(document: dict[str, Any], backend_url: str) -> str:
    """Write the document as it is sent, in YAML.

    Azure takes title and web service URL from it, whatever the request says beside it.
    """
    servers = [{"url": backend_url}]
    info = {**document.get("info", {}), "title": TITLE}
    sent = {**document, "servers": servers, "info": info, **SHOWN_AS_TEXT}
    return yaml.dump(sent, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)
