"""The project's own OpenAPI document is valid and covers what clients call today."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

from components.openai_api import api_import
from components.settings import api_document
from tests.components.harness import run_without_insights

BACKEND = "https://oai-x.openai.azure.com/openai"


def operations() -> set[str]:
    document = json.loads(api_document.OWN_DOCUMENT.read_text())
    return {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method in api_document.METHODS
    }


def test_document_is_valid_openapi() -> None:
    validate(json.loads(api_document.OWN_DOCUMENT.read_text()))


def test_document_holds_only_what_an_import_supports() -> None:
    """Of components, schemas alone.

    https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
    """
    assert set(json.loads(api_document.OWN_DOCUMENT.read_text())["components"]) == {"schemas"}


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
        "GET /v1/responses/{response-id}",
        "DELETE /v1/responses/{response-id}",
        "POST /v1/responses/{response-id}/cancel",
        "GET /v1/responses/{response-id}/input_items",
        "GET /v1/models",
    ],
)
def test_document_covers(operation: str) -> None:
    assert operation in operations()


def test_import_points_at_the_account_under_the_stated_title() -> None:
    own = json.loads(api_document.OWN_DOCUMENT.read_text())
    document = yaml.safe_load(api_import.render(own, BACKEND))
    assert document["paths"] == own["paths"]
    assert document["servers"] == [{"url": BACKEND}]
    assert document["info"]["title"] == "Azure OpenAI Service API"


def test_everything_is_sent_but_for_servers_and_title() -> None:
    own = json.loads(api_document.OWN_DOCUMENT.read_text())
    sent = yaml.safe_load(api_import.render(own, BACKEND))
    assert sent.pop("info") | {"title": ""} == own.pop("info") | {"title": ""}
    assert sent.pop("servers") != own.pop("servers")
    assert {name: part for name, part in sent.items() if not name.startswith("x-")} == own
    schemas = {"A": {"type": "string"}, "On": {"enum": ["on", "2024-10-21", "1", 1, True, None]}}
    odd = {**own, "info": {}, "components": {"schemas": schemas | {"B": schemas["A"]}}}
    text = api_import.render(odd, BACKEND)
    assert yaml.safe_load(text)["components"] == odd["components"]
    assert "&" not in text, "an anchor"


def scalars(text: str) -> dict[str, str | None]:
    """How each value that is text is written, as YAML names its styles; a key may be bare."""
    root = yaml.compose(text)
    nodes, found = [root], {}
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.ScalarNode):
            found[node.value] = node.style
        elif isinstance(node, yaml.MappingNode):
            nodes += [value for _, value in node.value]
        elif node:
            nodes += node.value
    return found


@pytest.mark.parametrize(
    "text", ["0914", "1e3", "NaN", "00:04", "1.2.3", "y", "3.0", "", "é\u2028"]
)
def test_text_is_quoted_so_that_no_reader_takes_it_for_a_number_or_date(text: str) -> None:
    """A number is not, and what is bare is a number or true, false or null."""
    own = json.loads(api_document.OWN_DOCUMENT.read_text())
    schema = {"example": text, "minimum": 1, "nullable": True, "default": None}
    sent = api_import.render({**own, "components": {"schemas": {"A": schema}}}, BACKEND)
    assert yaml.safe_load(sent)["components"]["schemas"]["A"] == schema
    styles = scalars(sent)
    assert styles[text] == '"'
    assert {value for value, style in styles.items() if style is None} <= {
        *("1", "true", "false", "null")
    }


def test_text_of_many_lines_is_shown_line_by_line() -> None:
    own = json.loads(api_document.OWN_DOCUMENT.read_text())
    lines = "First.\n\n  - Second: 1\n# Third\n"
    sent = api_import.render({**own, "info": {"version": "1", "description": lines}}, BACKEND)
    assert yaml.safe_load(sent)["info"]["description"] == lines
    assert {"    First.", "      - Second: 1", "    # Third"} <= set(sent.splitlines())


def test_engine_shows_the_document_as_a_text() -> None:
    """It shows all of a YAML text that has no date as a key, whatever changes in it."""
    sent = yaml.safe_load(
        api_import.render(json.loads(api_document.OWN_DOCUMENT.read_text()), BACKEND)
    )
    (extension,) = [part for name, part in sent.items() if name.startswith("x-")]
    assert [type(key) for key in extension] == [date]


CHAT = "/deployments/{deployment-id}/chat/completions"
YAML = f"""
openapi: 3.1.0
info: {{title: Mine, version: 2024-10-21}}
paths: {{"{CHAT}": {{post: {{operationId: X, responses: {{}}}}}}}}
"""


def test_date_in_a_yaml_file_is_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(YAML)
    run = run_without_insights({"apiDocument": str(path)})
    given = run.inputs("openai-api")
    document = yaml.safe_load(given["value"])
    assert given["format"] == "openapi"
    assert list(document["paths"]) == [CHAT]
    assert document["info"] == {"title": "Azure OpenAI Service API", "version": "2024-10-21"}


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.com/spec.json", "openapi+json-link"),
        ("https://example.com/spec.json?sv=2024&sig=x", "openapi+json-link"),
        ("https://example.com/spec.yaml", "openapi-link"),
    ],
)
def test_url_is_left_for_azure_to_fetch(url: str, kind: str) -> None:
    given = run_without_insights({"apiDocument": url}, preview=True).inputs("openai-api")
    assert (given["format"], given["value"]) == (kind, url)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "neither JSON nor YAML"),
        ('{"swagger": "2.0", "paths": {"/x": {"get": {}}}}', 'has no line "openapi"'),
        ('{"openapi": "3.0.1", "paths": {"/x": {"parameters": []}}}', "has no operation"),
        (
            json.dumps({"openapi": "3.0.1", "paths": {CHAT: {"post": "x" * 4_194_304}}}),
            "4,194,304",
        ),
        (
            json.dumps({"openapi": "3.0.1", "paths": {"/images/generations": {"post": {}}}}),
            "an operation that calls a model",
        ),
    ],
)
def test_file_that_cannot_be_imported_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "document.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        api_document.check(str(path))


@pytest.mark.parametrize(
    ("server", "path", "below"),
    [
        ("{endpoint}/openai/v1", "/chat/completions", "/v1/chat/completions"),
        ("https://oai-x.openai.azure.com/openai/v1/", "/responses", "/v1/responses"),
        ("https://api.openai.com/v1", "/embeddings", "/v1/embeddings"),
        ("https://{endpoint}/openai", CHAT, CHAT),
        ("https://oai-x.openai.azure.com", f"/openai{CHAT}", CHAT),
        ("/", "/openai/v1/responses", "/v1/responses"),
        (None, CHAT, CHAT),
    ],
)
def test_paths_lie_below_the_account_whatever_the_document_takes_for_its_server(
    tmp_path: Path, server: str | None, path: str, below: str
) -> None:
    """Calls are sent to `https://<account>/openai` and that path."""
    file = tmp_path / "document.json"
    servers = [{"url": server}, {"url": "https://second.example.com"}] if server else []
    text = json.dumps({"openapi": "3.0.0", "servers": servers, "paths": {path: {"post": {}}}})
    file.write_text(text)

    assert list(api_document.operations(str(file))) == [f"POST {below}"]
    sent = yaml.safe_load(api_import.render(api_document.read(str(file)), BACKEND))
    assert (list(sent["paths"]), sent["servers"]) == ([below], [{"url": BACKEND}])
