"""Read the OpenAPI document from which the gateway imports its operations, and judge it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
OWN_DOCUMENT = PROJECT / "policies" / "gateway" / "azure-openai.openapi.json"
INLINE_LIMIT = 4 * 1024 * 1024
"""Most bytes of a document that is sent inline.

https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

VERSIONS = ("3.0.", "3.1.")
"""Versions of OpenAPI that API Management imports as OpenAPI (same page)."""

ACCOUNT_PATH = "/openai"
"""Path of an account below which a gateway sends calls, and so what an import's paths lie below.

The documents of dated versions lie there, the document of v1 a step deeper.
https://github.com/Azure/azure-rest-api-specs/blob/main/specification/ai/data-plane/OpenAI.v1/azure-v1-v1-generated.yaml
"""
_HOST = re.compile(r"^(https?://[^/]*|\{[^/]*\})")
_CALLS_A_MODEL = re.compile(
    r"POST ((/deployments/\{[^/]*\}|/v1)/((chat/)?completions|embeddings)|/v1/responses)"
)

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

ALLOWED = (
    "an https URL, the path of an OpenAPI 3.0 or 3.1 file (JSON or YAML) from the project's folder,"
    ' or ""'
)


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML as JSON would be read: a date is text."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith(":timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def check(source: str) -> None:
    """Raise ValueError, saying what is wrong, unless `source` can be imported."""
    if source and not is_url(source):
        read(source)


def operations(source: str) -> dict[str, str]:
    """Return the operation id by method and path; empty for a URL, which only Azure reads."""
    return {} if is_url(source) else _operations(read(source))


def is_url(source: str) -> bool:
    """Tell whether Azure fetches the document by itself."""
    return source.startswith("https://")


@cache
def read(source: str) -> dict[str, Any]:
    """Return the document of a file, or the project's own for "", read and judged once.

    Raises:
        ValueError: the gateway could not import it; the message says what is allowed.
    """
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
    document = _below_account_path(document)
    if not any(map(_CALLS_A_MODEL.fullmatch, _operations(document))):
        raise ValueError(
            f"{ALLOWED}, with an operation that calls a model, such as "
            f"POST /deployments/{{deployment-id}}/chat/completions; {path} has none"
        )
    if size > INLINE_LIMIT:
        raise ValueError(f"{ALLOWED}; {path} has more than {INLINE_LIMIT:,} bytes")
    return document


def _below_account_path(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with paths that lie below `ACCOUNT_PATH`, as its first server tells.

    Paths below `https://example.com/openai/v1` get `/v1` before them; those of a server without a
    path lose their own `/openai`.
    """
    servers, paths = document.get("servers"), document["paths"]
    first = servers[0] if isinstance(servers, list) and servers else {}
    url = str(first.get("url") or "") if isinstance(first, dict) else ""
    where = _HOST.sub("", url).rstrip("/").lower()
    if where.endswith("/v1"):
        return {**document, "paths": {f"/v1{path}": item for path, item in paths.items()}}
    if not where and all(path.startswith(f"{ACCOUNT_PATH}/") for path in paths):
        below = {path.removeprefix(ACCOUNT_PATH): item for path, item in paths.items()}
        return {**document, "paths": below}
    return document


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
