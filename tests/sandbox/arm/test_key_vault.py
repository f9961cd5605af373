"""Vaults and secrets as Resource Manager has them, and keys that are regenerated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import arm
from sandbox.cloud import SUBSCRIPTION_ID, Cloud, Resource
from sandbox.errors import ArmError
from sandbox.options import Options

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-abc"
SECRET = f"{VAULT}/secrets/team-a"
PROPERTIES = {
    "tenantId": "11111111-2222-3333-4444-555555555555",
    "sku": {"family": "A", "name": "standard"},
}


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    made = Cloud(tmp_path)
    put(made, GROUP, location="eastus")
    put(made, VAULT, location="eastus", properties=PROPERTIES)
    return made


def put(cloud: Cloud, path: str, **body: Any) -> Resource:
    return arm.put(cloud, Options(folder=cloud.folder), path, "2023-07-01", body)


def test_a_secret_is_a_new_version_each_time_and_its_value_on_no_disk(cloud: Cloud) -> None:
    value = "0123456789abcdef0123456789abcdef"
    uris = {
        put(cloud, SECRET, properties={"value": one}).properties["secretUriWithVersion"]
        for one in (value, "another")
    }
    assert len(uris) == 2
    put(cloud, SECRET, properties={"value": value})
    assert not [
        one for one in cloud.folder.rglob("*") if one.is_file() and value in one.read_text()
    ]


@pytest.mark.parametrize(
    ("path", "properties", "code"),
    [
        (SECRET, {}, "BadRequest"),
        (f"{VAULT}/secrets/team_a", {"value": "x"}, "InvalidResourceName"),
        (VAULT, {**PROPERTIES, "enablePurgeProtection": False}, "BadRequest"),
        (f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv--x", PROPERTIES, "InvalidResourceName"),
        (SECRET.replace("kv-abc", "kv-none"), {"value": "x"}, "ParentResourceNotFound"),
    ],
)
def test_what_azure_refuses(cloud: Cloud, path: str, properties: Any, code: str) -> None:
    with pytest.raises(ArmError) as caught:
        put(cloud, path, location="eastus", properties=properties)
    assert caught.value.code == code


def test_no_secret_is_deleted_by_resource_manager_and_a_vaults_name_stays_taken(
    cloud: Cloud,
) -> None:
    put(cloud, SECRET, properties={"value": "x"})
    with pytest.raises(ArmError, match="disallowed"):
        arm.delete(cloud, SECRET)
    arm.delete(cloud, VAULT)
    assert cloud.get(SECRET) is None
    with pytest.raises(ArmError, match="already in use"):
        put(cloud, VAULT, location="eastus", properties=PROPERTIES)
