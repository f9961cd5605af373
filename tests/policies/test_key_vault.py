"""A vault of consumers' keys, and the trace that tells which key a call has."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from components.openai_api import policy
from tests.policies.harness import Shown, changed, example, said
from tests.policies.test_api_policy import NAME

GOOD: dict[str, Any] = {
    "vaultName": "kv-abc123",
    "resourceGroupName": "rg",
    "location": "eastus",
    "properties": {
        "tenantId": "11111111-2222-3333-4444-555555555555",
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enablePurgeProtection": True,
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "publicNetworkAccess": "Enabled",
    },
}


def beside(**properties: Any) -> Shown:
    """The example with a vault, some of whose properties are others."""
    stack, props = example(), deepcopy(GOOD)
    props["properties"] |= properties
    one = next(iter(stack.values()))
    stack["key-vault"] = {**one, "type": "azure-native:keyvault:Vault", "props": props}
    return stack


def test_the_vault_of_the_program_passes() -> None:
    assert said(beside()).refused == {}


@pytest.mark.parametrize(
    "properties",
    [
        {"enableRbacAuthorization": False},
        {"enablePurgeProtection": None},
        {"softDeleteRetentionInDays": 7},
        {"enabledForTemplateDeployment": True},
        {"accessPolicies": [{"objectId": "x"}]},
        {"createMode": "recover"},
    ],
)
def test_a_vault_that_is_open_another_way_is_refused(properties: dict[str, Any]) -> None:
    assert said(beside(**properties)).refused.keys() == {"key-vault"}


def test_a_public_vault_is_refused_where_the_pack_is_told_to() -> None:
    told = {"key-vault": {"network": "private"}}
    assert said(beside(), told).refused.keys() == {"key-vault"}
    assert said(beside(publicNetworkAccess="Disabled"), told).refused == {}


def rendered() -> str:
    return policy.render(
        audience="https://cognitiveservices.azure.com",
        backend_url="https://oai-example.openai.azure.com/openai",
        timeout=600,
        without=frozenset(),
    )


def test_the_trace_of_the_key_used_may_be_there_and_is_the_programs_own() -> None:
    text = rendered()
    assert "key-used" in text
    assert said(changed(NAME, "value", text)).refused == {}
    edited = text.replace('? "primary"', "? context.Subscription.PrimaryKey")
    assert said(changed(NAME, "value", edited)).refused.keys() == {"api-policy"}
