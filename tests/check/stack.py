"""The stack that the check is told of: its outputs, its deployments and its keys."""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from typing import Any

from pydantic.alias_generators import to_camel

from components.settings.stack import Settings
from queries.contract import ProofOutput
from tests.check.arm import ACCOUNT, GATEWAY, WORKSPACE

Row = dict[str, Any]
CUSTOMER = "00000000-0000-0000-0000-000000000000"
KEY = "0123456789abcdef0123456789abcdef"


def key_of(consumer: str) -> str:
    """The key of a consumer's subscription."""
    return KEY if consumer == "aoai-test" else sha256(consumer.encode()).hexdigest()[:32]


LEFT_OUT = {
    *("other_callers", "stream_usage", "stored_responses", "accounts", "plans", "copies"),
    *("expires", "key_vault_id", "key_readers"),
    *("entra_tenant", "entra_audience", "consumer_keys", "token_consumers"),
    "network",
}
DEFAULTS = {
    to_camel(part.name): Settings.model_fields[part.name].get_default(call_default_factory=True)
    for part in fields(ProofOutput)
    if part.name in Settings.model_fields and part.name not in LEFT_OUT
}
"""What the program tells the check of keys that no stack file sets, but for those left out."""


def deployment(name: str = "text-turbo", model: str = "gpt-5.1", **more: Any) -> Row:
    """A chat deployment too small for long calls."""
    small = {"capacity": 1, "sku": "GlobalStandard"}
    return {"name": name, "model": model, "version": "1", "kind": "chat"} | small | more


def outputs(**proof: Any) -> dict[str, Any]:
    """Outputs of a stack with one chat deployment; `proof` changes keys of that output."""
    names = proof.get("consumers") or ["aoai-test"]
    return {
        "subscriptionKeys": {name: key_of(name) for name in names},
        "proof": {
            **DEFAULTS,
            "version": 1,
            "gatewayUrl": "https://apim-x.azure-api.net",
            "apiId": "miyagi-api",
            "accountId": ACCOUNT,
            "gatewayId": GATEWAY,
            "workspaceId": WORKSPACE,
            "workspaceCustomerId": CUSTOMER,
            "deployments": [deployment()],
            "consumers": ["aoai-test"],
            "subscriptionKeyHeader": "api-key",
            "apiVersion": "2025-04-01-preview",
            "logsEndpoint": "https://api.loganalytics.io",
            "managementEndpoint": "https://management.azure.com",
            "audience": "https://cognitiveservices.azure.com",
            "backendUrl": "https://oai-x.openai.azure.com/openai",
            "accountEndpoint": "https://oai-x.openai.azure.com/",
            "gatewayPrincipalId": "the-gateway",
            "logResponseBodies": True,
            "accountingHeader": "",
            "budgets": {},
            "roleId": "a97b65f3-24c7-4388-baec-2e87135dc908",
            "diagnosticSettings": {"gateway": "to-workspace", "account": "to-workspace"},
            "operations": {},
            **proof,
        },
    }
