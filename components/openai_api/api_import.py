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
"""Makes a preview show the lines of a document that change, instead of the whole document.

The engine shows the whole tree of JSON and YAML, unless a key is a date: then it takes the YAML for
text. API Management ignores extensions.
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/display/object_diff.go#L1438
https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

TEXT = "tag:yaml.org,2002:str"
"""YAML's tag for text."""


class _Dumper(yaml.SafeDumper):
    """Writes every part out where it stands, and every text in quotes, as in JSON.

    Versions of YAML differ in what is a number or a date: PyYAML would write the text "0914"
    without quotes, and Microsoft's reader would take it for a number.
    https://github.com/microsoft/OpenAPI.NET/blob/main/src/Microsoft.OpenApi.YamlReader/YamlConverter.cs
    """

    def ignore_aliases(self, _data: Any) -> bool:
        """Write no anchors."""
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Write a text of several lines line by line, so that a diff shows those that change."""
        lines = data.split("\n")
        has_lines = len(lines) > 1 and all(map(str.isprintable, lines))
        return self.represent_scalar(TEXT, data, style="|" if has_lines else '"')

    def represent_mapping(self, tag: str, mapping: Any, flow_style: Any = None) -> yaml.MappingNode:
        """Write keys without quotes: every reader takes a key for text."""
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
    """Prepare an import; an inline document gets `backend_url` as its server, and `TITLE`."""
    if api_document.is_url(source):
        is_json = urlsplit(source).path.lower().endswith(".json")
        return ApiImport(format="openapi+json-link" if is_json else "openapi-link", value=source)
    document = api_document.read(source)
    value = backend_url.apply(lambda url: render(document, url))
    return ApiImport(format="openapi", value=value)


def render(document: dict[str, Any], backend_url: str) -> str:
    """Write the document as YAML, as it is sent.

    Azure takes title and web service URL from the document, whatever else the request says.
    """
    servers = [{"url": backend_url}]
    info = {**document.get("info", {}), "title": TITLE}
    sent = {**document, "servers": servers, "info": info, **SHOWN_AS_TEXT}
    return yaml.dump(sent, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)
