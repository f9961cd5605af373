"""A storage account and an event hub of another team, for second copies of the logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox import arm
from sandbox.arm.sinks import RIGHTS
from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTION_ID, Cloud
from sandbox.options import Options

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-security"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stcopies"
NAMESPACE = f"{GROUP}/providers/Microsoft.EventHub/namespaces/evhns-copies"
RULE = f"{NAMESPACE}/authorizationRules/RootManageSharedAccessKey"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
"""Role Storage Blob Data Reader."""


def put(
    folder: Path,
    *,
    reader: bool = False,
    location: str = "eastus",
    sku: str = "Standard_LRS",
    **properties: Any,
) -> None:
    """Make both, or change the storage account; `reader` lets the deployer read its blobs."""
    cloud, options = Cloud(folder), Options(folder=folder, role_delay=0)

    def make(resource_id: str, **body: Any) -> None:
        arm.put(cloud, options, resource_id, "2024-01-01", body)

    make(GROUP, location=location)
    make(
        STORAGE,
        location=location,
        kind="StorageV2",
        sku={"name": sku},
        properties={"allowSharedKeyAccess": False, **properties},
    )
    make(NAMESPACE, location=location, sku={"name": "Standard"})
    make(RULE, properties={"rights": sorted(RIGHTS)})
    if reader:
        role = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions"
        make(
            f"{STORAGE}/providers/Microsoft.Authorization/roleAssignments/"
            "11111111-0000-4000-8000-000000000001",
            properties={
                "roleDefinitionId": f"{role}/{READER}",
                "principalId": DEPLOYER_OBJECT_ID,
                "principalType": "User",
            },
        )
