"""The OpenAPI document from which the gateway imports its operations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

PROJECT = Path(__file__).resolve().parent.parent
OWN_DOCUMENT = PROJECT / "policies" / "gateway" / "azure-openai.openapi.json"
TITLE = "Azure OpenAI Service API"
"""Title of the API; an import takes it from the document.

https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

INLINE_LIMIT = 4 * 1024 * 1024
"""Most bytes of a document that is sent inline (same page)."""

ALLOWED = (
    'an https URL, the path of an OpenAPI 3.0 file (JSON or YAML) from the project\'s folder, or ""'
)


@dataclass(frozen=True, kw_only=True)
class ApiImport:
    """What the API resource takes: the kind of import, and the document or its URL."""

    format: str
    value: str


def check(source: str) -> None:
    """Raise ValueError, saying what is wrong, unless `source` can be imported."""
    if source and not _is_url(source):
        _read(PROJECT / source)


def load(source: str, backend_url: str) -> ApiImport:
    """Prepare the import; an inline document gets `backend_url` as its server and our title.

    Azure takes title and web service URL from the document, whatever the request says beside it.
    """
    if _is_url(source):
        kind = "openapi+json-link" if source.endswith(".json") else "openapi-link"
        return ApiImport(format=kind, value=source)
    document = _read(PROJECT / source if source else OWN_DOCUMENT)
    document["servers"] = [{"url": backend_url}]
    document["info"] = {**document.get("info", {}), "title": TITLE}
    return ApiImport(format="openapi+json", value=json.dumps(document, indent=2))


def _is_url(source: str) -> bool:
    return source.startswith("https://")


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.safe_load(text) if path.suffix in {".yaml", ".yml"} else json.loads(text)
    except OSError as error:
        raise ValueError(f"{ALLOWED}; cannot read {path}: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{ALLOWED}; {path} is neither JSON nor YAML: {reason}") from error
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3.0"):
        raise ValueError(f'{ALLOWED}; {path} has no line "openapi": "3.0…"')
    if not isinstance(document.get("paths"), dict) or not document["paths"]:
        raise ValueError(f"{ALLOWED}; {path} has no operation under paths")
    if len(text.encode()) > INLINE_LIMIT:
        raise ValueError(f"{ALLOWED}; {path} has more than {INLINE_LIMIT:,} bytes")
    return cast("dict[str, Any]", document)
