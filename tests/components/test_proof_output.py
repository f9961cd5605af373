"""The output `proof` tells check and report what they must know of the stack."""

from __future__ import annotations

from components.settings import api_document
from queries.outputs import target
from tests.components.harness import Run, run_without_insights


def test_proof_output_tells_the_report_of_budgets_and_prices() -> None:
    consumer = {"name": "team-a", "displayName": "A", "monthlyTokens": 1000, "monthlyCost": 2.5}
    own = {"gpt-x": {"input": 1, "output": 2}}
    proof = run_without_insights({"consumers": [consumer], "prices": own}).stack["proof"]
    assert proof["budgets"] == {"team-a": {"tokens": 1000, "cost": 2.5}}
    assert proof["prices"]["gpt-x"] == {"input": 1, "output": 2}
    assert "gpt-5.6-luna" in proof["prices"], "beside the dated list"


def test_the_proof_output_tells_what_the_policy_does_without(example: Run) -> None:
    assert not {"streamUsage", "storedResponses"} & example.stack["proof"].keys()
    run = run_without_insights({"streamUsage": "leave", "storedResponses": "share"})
    assert run.stack["proof"]["streamUsage"] == "leave"
    assert run.stack["proof"]["storedResponses"] == "share"
    assert "stored-responses" not in run.inputs("openai-api-policy")["value"]


def test_other_callers_are_in_the_proof_output_only_if_there_are_some(example: Run) -> None:
    assert "otherCallers" not in example.stack["proof"]
    ids = ["0b0b0b0b-0000-4000-8000-000000000009"]
    assert run_without_insights({"otherCallers": ids}).stack["proof"]["otherCallers"] == ids


def test_proof_output_is_what_the_check_reads(example: Run) -> None:
    assert target(example.stack)
    expected = {
        "version": 1,
        "gatewayUrl": "https://apim-abc123.azure-api.net",
        "gatewayId": "/id/gateway",
        "accountEndpoint": "https://oai-abc123.openai.azure.com/",
        "accountId": "/id/openai-account",
        "workspaceId": "/id/workspace",
        "workspaceCustomerId": "the-workspace",
        "apiId": "miyagi-api",
        "apiPath": "openai",
        "apiVersion": "2024-12-01-preview",
        "subscriptionKeyHeader": "api-key",
        "consumers": ["aoai-test"],
        "deployments": [
            {
                "name": "text-turbo",
                "model": "gpt-5.6-luna",
                "version": "2026-07-09",
                "kind": "chat",
                "capacity": 10,
                "sku": "GlobalStandard",
            }
        ],
        "gatewayPrincipalId": "the-principal",
        "capture": "full",
        "bodyBytes": 8192,
        "logResponseBodies": False,
        "accountingHeader": "x-gateway-accounting",
        "backendTimeoutSeconds": 600,
        "samplingPercentage": 100,
        "llmLogging": True,
        "llmMessageBytes": 262144,
        "logsEndpoint": "https://api.loganalytics.io",
        "managementEndpoint": "https://management.azure.com",
        "backendUrl": "https://oai-abc123.openai.azure.com/openai",
        "audience": "https://cognitiveservices.azure.com",
        "roleId": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        "diagnosticSettings": {
            "gateway": "API Management Diagnostic Setting",
            "account": "OpenAI Diagnostic Setting",
        },
        "operations": api_document.operations(""),
        "budgets": {},
        "prices": {},
    }
    assert {key: example.stack["proof"].get(key) for key in expected} == expected
    assert api_document.operations("")["POST /v1/responses"] == "V1_Responses_Create"
    assert api_document.operations("https://example.com/openapi.json") == {}


def test_a_models_publisher_reaches_the_check() -> None:
    """It decides where the check calls, and what a deployment answers."""
    cohere = {"name": "vectors", "model": "embed-v-4-0", "format": "Cohere", "version": "1"}
    settings = {"accountKind": "AIServices", "deployments": [{**cohere, "capacity": 10}]}
    (deployment,) = target(run_without_insights(settings).stack).deployments
    assert (deployment.format, deployment.kind, deployment.only_on_v1) == (
        "Cohere",
        "embeddings",
        True,
    )
