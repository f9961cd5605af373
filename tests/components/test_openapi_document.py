"""The project's own OpenAPI document is valid and covers what clients call today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

from components import openapi

BACKEND = "https://oai-x.openai.azure.com/openai"


def operations() -> set[str]:
    document = json.loads(openapi.OWN_DOCUMENT.read_text())
    return {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "post"}
    }


def test_document_is_valid_openapi() -> None:
    validate(json.loads(openapi.OWN_DOCUMENT.read_text()))


@pytest.mark.parametrize(
    "operation",
    [
        "POST /deployments/{deployment-id}/chat/completions",
        "POST /deployments/{deployment-id}/completions",
        "POST /deployments/{deployment-id}/embeddings",
        "POST /v1/chat/completions",
        "POST /v1/completions",
        "POST /v1/embeddings",
        "POST /v1/responses",
        "GET /v1/models",
    ],
)
def test_document_covers(operation: str) -> None:
    assert operation in operations()


def test_import_points_at_the_account_under_the_stated_title() -> None:
    imported = openapi.load("", BACKEND)
    document = json.loads(imported.value)
    assert imported.format == "openapi+json"
    assert document["servers"] == [{"url": BACKEND}]
    assert document["info"]["title"] == "Azure OpenAI Service API"


def test_yaml_file_is_imported_as_json(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    own = {"openapi": "3.0.1", "info": {"title": "Mine", "version": "1"}, "paths": {"/x": {}}}
    path.write_text(yaml.safe_dump(own))
    imported = openapi.load(str(path), BACKEND)
    assert imported.format == "openapi+json"
    assert json.loads(imported.value)["paths"] == {"/x": {}}


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.com/spec.json", "openapi+json-link"),
        ("https://example.com/spec.yaml", "openapi-link"),
    ],
)
def test_url_is_left_for_azure_to_fetch(url: str, kind: str) -> None:
    imported = openapi.load(url, BACKEND)
    assert (imported.format, imported.value) == (kind, url)
