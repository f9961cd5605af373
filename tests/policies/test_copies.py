"""A second copy of the logs passes the guardrails; one that leaves logs out does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.harness import Json, added, changed, said

SETTING = "azure-native:monitor:DiagnosticSetting"
STORAGE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st"
COPY: Json = {
    "name": "archive",
    "resourceUri": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/a",
    "storageAccountId": STORAGE,
    "logs": [
        {"categoryGroup": "audit", "enabled": True},
        {"categoryGroup": "allLogs", "enabled": True},
    ],
}


@pytest.mark.parametrize(
    "more", [{}, {"eventHubAuthorizationRuleId": "/rule", "eventHubName": "logs"}]
)
def test_a_whole_copy_passes(more: Json) -> None:
    stack = added("gateway-copy-archive", SETTING, COPY | more)
    stack["gateway-copy-archive"]["links"] = {"resourceUri": ["gateway"]}
    assert said(stack).refused == {}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("logs", [{"category": "GatewayLogs", "enabled": True}]),
        ("logs", []),
        ("metrics", [{"category": "AllMetrics", "enabled": True}]),
        ("marketplacePartnerId", "/partner"),
        ("logAnalyticsDestinationType", "Dedicated"),
        ("storageAccountId", None),
    ],
)
def test_another_copy_is_refused(path: str, value: Any) -> None:
    told = said(added("gateway-copy-archive", SETTING, {**COPY, path: value}))
    assert "gateway-copy-archive" in told.text
    assert path in told.text or path == "storageAccountId"


def test_a_copy_is_no_setting_of_the_workspace() -> None:
    """The stack's own setting cannot be turned into a copy, or get a further place."""
    told = said(changed("gateway-diagnostics", "storageAccountId", STORAGE))
    assert "storageAccountId" in told.text
    bare = changed("gateway-diagnostics", "workspaceId", None)
    assert "workspaceId" in said(bare).text


def test_a_copy_alone_leaves_the_workspace_without_logs() -> None:
    stack = added("gateway-copy-archive", SETTING, COPY)
    stack["gateway-copy-archive"]["links"] = {"resourceUri": ["gateway"]}
    del stack["gateway-diagnostics"]
    assert "its monitor:DiagnosticSetting" in said(stack).text
