"""API versions of API Management, and the name of the logger of Azure Monitor."""

from __future__ import annotations

SERVICES = "2024-05-01"
DIAGNOSTICS = "2024-06-01-preview"
"""The first API version whose diagnostics tell of LLM logging.

https://github.com/Azure/azure-rest-api-specs/tree/main/specification/apimanagement/resource-manager/Microsoft.ApiManagement/ApiManagement/preview/2024-06-01-preview
"""
LOGGER = "azuremonitor"
