"""A Key Vault for consumers' keys: what the stack file may say, and what is declared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.components.harness import Json, Run, run_without_insights
from tests.components.test_bad_input import CONSUMER, GROUP, refusal

READER = {"name": "0B0B0B0B-0000-4000-8000-000000000009", "type": "Group"}
EXISTING = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-shared"
SECRETS = "azure-native:apimanagement:listSubscriptionSecrets"


def run(vault: str = "create", **config: Any) -> Run:
    return run_without_insights({"keyVault": vault, **config})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"keyVault": "kv-shared"}, "create, or /subscriptions/<id>/resourceGroups/<group>"),
        ({"consumers": [{**CONSUMER, "keyReaders": [READER]}]}, "none without keyVault"),
        (
            {"keyVault": "create", "consumers": [{**CONSUMER, "keyReaders": [{"name": "me"}]}]},
            "an object id of Microsoft Entra, a GUID",
        ),
        (
            {"keyVault": "create", "consumers": [{**CONSUMER, "keyReaders": [READER, READER]}]},
            "given twice",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_any_resource(config: Json, words: str) -> None:
    assert words in refusal(config)


def test_a_vault_is_ruled_by_roles_and_keeps_what_is_deleted() -> None:
    given = run(protect="true").inputs("key-vault")
    assert given["vaultName"] == "kv-abc123"
    assert given["properties"]["enableRbacAuthorization"] is True
    assert given["properties"]["enablePurgeProtection"] is True
    assert given["properties"]["softDeleteRetentionInDays"] == 90
    assert given["properties"]["publicNetworkAccess"] == "Enabled"
    closed = run(keyVaultPublic="false").inputs("key-vault")
    assert closed["properties"]["publicNetworkAccess"] == "Disabled"


def test_beside_a_vault_no_key_passes_through_pulumi() -> None:
    found = run(exportKeys="true")
    assert "subscriptionKeys" not in found.stack
    assert SECRETS not in [token for token, _ in found.azure.calls]


def test_an_existing_vault_is_left_as_it_is() -> None:
    found = run(EXISTING)
    assert "azure-native:keyvault:Vault" not in {one.type for one in found.requests.values()}
    assert found.stack["proof"]["keyVaultId"] == EXISTING


def test_the_proof_says_who_may_read_which_key() -> None:
    found = run(consumers=[{**CONSUMER, "keyReaders": [READER]}])
    assert found.stack["proof"]["keyReaders"] == {
        CONSUMER["name"]: {READER["name"].lower(): "Group"}
    }


def test_the_policy_tells_the_log_which_key_a_call_has_beside_a_vault_alone() -> None:
    def policy(found: Run) -> str:
        return str(found.inputs("openai-api-policy")["value"])

    assert 'source="key-used"' in policy(run())
    assert "key-used" not in policy(run_without_insights({}))
