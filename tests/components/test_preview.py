"""A preview knows what a deployment will do before anything exists."""

from __future__ import annotations

import json

import pytest
import yaml
from google.protobuf import json_format

from tests.components.harness import UNKNOWN, Run, run_program, run_without_insights


@pytest.fixture(scope="module")
def preview() -> Run:
    """The example stack, previewed: what Azure gives out is unknown."""
    return run_program(preview=True)


def test_preview_registers_what_the_deployment_does(preview: Run, example: Run) -> None:
    assert set(preview.requests) == set(example.requests)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("openai-account", ["kind", "sku", "identity", "location", "tags"]),
        ("gateway", ["publisherEmail", "sku", "customProperties"]),
        ("openai-api", ["apiId", "path", "displayName"]),
        ("openai-api-role", ["principalType", "roleDefinitionId"]),
    ],
)
def test_reviewer_sees_the_values(preview: Run, name: str, keys: list[str]) -> None:
    for key in keys:
        assert UNKNOWN not in json.dumps(preview.inputs(name)[key]), f"{name}.{key}"


def test_reviewer_of_a_stack_with_given_names_sees_policy_and_document() -> None:
    run = run_without_insights(
        {"accountName": "oai-given", "gatewayName": "apim-given"}, preview=True
    )
    policy = run.inputs("openai-api-policy")["value"]
    assert 'base-url="https://oai-given.openai.azure.com/openai"' in policy
    document = yaml.safe_load(run.inputs("openai-api")["value"])
    assert document["servers"] == [{"url": "https://oai-given.openai.azure.com/openai"}]


def test_first_preview_names_each_operation(preview: Run) -> None:
    component = next(r for r in preview.requests.values() if r.type == "aoai:index:OpenAIApi")
    shown = json_format.MessageToDict(component.object)["operations"]
    assert shown["POST /deployments/{deployment-id}/chat/completions"] == "ChatCompletions_Create"
    assert UNKNOWN not in shown.values()


def test_first_preview_reads_the_policy_line_by_line(preview: Run) -> None:
    component = next(r for r in preview.requests.values() if r.type == "aoai:index:OpenAIApi")
    lines = json_format.MessageToDict(component.object)["policy"]
    assert '    <set-header name="api-key" exists-action="delete" />' in lines
    assert '    <set-backend-service base-url="https://{account}/openai" />' in lines
    assert component.ignoreChanges == ["operations", "policy"], "a later one shows changed lines"


def test_role_is_shown_as_replaced_with_its_gateway_alone(preview: Run) -> None:
    role = preview.request("openai-api-role")
    assert role.ignoreChanges == ["principalId"], "unknown at any change of the gateway"
    assert [urn.split("$")[1] for urn in role.replace_with] == [
        "azure-native:apimanagement:ApiManagementService::gateway"
    ]


def test_role_follows_its_gateways_identity(example: Run) -> None:
    role = example.request("openai-api-role")
    assert not role.ignoreChanges
    assert role.replacement_trigger.string_value == "the-principal"


def test_reviewer_sees_how_much_of_each_body_is_logged(preview: Run) -> None:
    given = preview.inputs("openai-api-diagnostic")
    assert given["frontend"]["request"]["body"] == {"bytes": 8192}
