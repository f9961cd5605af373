"""API versions by which Resource Manager is asked, and the name of Azure Monitor's logger."""

from __future__ import annotations

SERVICES = "2024-05-01"
DIAGNOSTICS = "2024-06-01-preview"
"""The first API version whose diagnostics tell of LLM logging.

https://github.com/Azure/azure-rest-api-specs/tree/main/specification/apimanagement/resource-manager/Microsoft.ApiManagement/ApiManagement/preview/2024-06-01-preview
"""
SETTINGS = "2021-05-01-preview"
ROLES = "2022-04-01"
ACCOUNTS = "2024-10-01"
UPGRADES = "2026-01-15-preview"
"""The first API version whose accounts tell of a planned upgrade.

https://learn.microsoft.com/azure/templates/microsoft.cognitiveservices/2026-01-15-preview/accounts
"""
LOGGER = "azuremonitor"
