"""The OpenAPI document from which the gateway imports its operations."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pulumi
import yaml

PROJECT = Path(__file__).resolve().parent.parent
OWN_DOCUMENT = PROJECT / "policies" / "gateway" / "azure-openai.openapi.json"
TITLE = "Azure OpenAI Service API"
"""Title of the API; an import takes it from the document.

https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

INLINE_LIMIT = 4 * 1024 * 1024
"""Most bytes of a document that is sent inline (same page)."""

VERSIONS = ("3.0.", "3.1.")
"""Versions of OpenAPI that API Management imports as OpenAPI (same page)."""

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

SHOWN_AS_TEXT = {"x-shown-as-text": {date.min: ""}}
"""Has a preview show the lines of a document that change, rather than all of it.

Of JSON and YAML the engine shows the whole tree, unless a key is a date: that YAML it takes for a
text. API Management leaves extensions out.
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/display/object_diff.go#L1438
https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

ALLOWED = (
    "an https URL, the path of an OpenAPI 3.0 or 3.1 file (JSON or YAML) from the project's folder,"
    ' or ""'
)


TEXT = "tag:yaml.org,2002:str"
"""YAML's name of what is text."""


class _PlainLoader(yaml.SafeLoader):
    """YAML as JSON has it: a date is text."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith(":timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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


def check(source: str) -> None:
    """Raise ValueError, saying what is wrong, unless `source` can be imported."""
    if source and not _is_url(source):
        _document(source)


def load(source: str, backend_url: pulumi.Output[str]) -> ApiImport:
    """Prepare the import; an inline document gets `backend_url` as its server, and our title."""
    if _is_url(source):
        is_json = urlsplit(source).path.lower().endswith(".json")
        return ApiImport(format="openapi+json-link" if is_json else "openapi-link", value=source)
    document = _document(source)
    value = backend_url.apply(lambda url: render(document, url))
    return ApiImport(format="openapi", value=value)


def render(document: dict[str, Any], backend_url: str) -> str:
    """The document as it is sent, in YAML.

    Azure takes title and web service URL from it, whatever the request says beside it.
    """
    servers = [{"url": backend_url}]
    info = {**document.get("info", {}), "title": TITLE}
    sent = {**document, "servers": servers, "info": info, **SHOWN_AS_TEXT}
    return yaml.dump(sent, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)


def operations(source: str) -> dict[str, str]:
    """Operation id by method and path; empty for a URL, which only Azure reads."""
    return {} if _is_url(source) else _operations(_document(source))


def _is_url(source: str) -> bool:
    return source.startswith("https://")


@cache
def _document(source: str) -> dict[str, Any]:
    """The document of a file, or the project's own; read and judged once."""
    path = PROJECT / source if source else OWN_DOCUMENT
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix in {".yaml", ".yml"}:
            document = yaml.load(text, _PlainLoader)  # noqa: S506 it is a SafeLoader
        else:
            document = json.loads(text)
        size = len(json.dumps(document, indent=2).encode())
    except OSError as error:
        raise ValueError(f"{ALLOWED}; cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{ALLOWED}; {path} is neither JSON nor YAML: {reason}") from error
    if not isinstance(document, dict) or not str(document.get("openapi")).startswith(VERSIONS):
        raise ValueError(f'{ALLOWED}; {path} has no line "openapi": "3.0…" or "3.1…"')
    if not _operations(document):
        raise ValueError(f"{ALLOWED}; {path} has no operation under paths")
    if size > INLINE_LIMIT:
        raise ValueError(f"{ALLOWED}; {path} has more than {INLINE_LIMIT:,} bytes")
    return cast("dict[str, Any]", document)


def _operations(document: dict[str, Any]) -> dict[str, str]:
    paths = document.get("paths")
    items = paths.items() if isinstance(paths, dict) else ()
    return {
        f"{method.upper()} {path}": _id(operation)
        for path, item in items
        if isinstance(item, dict)
        for method, operation in item.items()
        if method in METHODS
    }


def _id(operation: object) -> str:
    return str(operation.get("operationId") or "") if isinstance(operation, dict) else ""
