"""A gateway and a workspace that a team has already are used, and outlive the stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.machine import CHECK, Machine

PLATFORM = """
import pulumi
from pulumi_azure_native import apimanagement, monitor, operationalinsights, resources

group = resources.ResourceGroup("platform", resource_group_name="rg-platform", location="eastus")
workspace = operationalinsights.Workspace(
    "logs",
    workspace_name="log-central",
    resource_group_name=group.name,
    location=group.location,
    sku={"name": "PerGB2018"},
)
service = apimanagement.ApiManagementService(
    "shared",
    service_name="apim-shared",
    resource_group_name=group.name,
    location=group.location,
    publisher_name="Platform",
    publisher_email="platform@example.com",
    sku={"name": "Standard", "capacity": 1},
    enable_client_certificate=True,
    identity={"type": "SystemAssigned"},
)
logger = apimanagement.Logger(
    "logger",
    logger_id="azuremonitor",
    logger_type="azureMonitor",
    service_name=service.name,
    resource_group_name=group.name,
)
monitor.DiagnosticSetting(
    "setting",
    name="platform",
    resource_uri=service.id,
    workspace_id=workspace.id,
    logs=[{"categoryGroup": "allLogs", "enabled": True}],
    metrics=[{"category": "AllMetrics", "enabled": True}],
    log_analytics_destination_type="Dedicated",
    opts=pulumi.ResourceOptions(depends_on=[logger]),
)
pulumi.export("gatewayId", service.id)
pulumi.export("workspaceId", workspace.id)
"""


@pytest.fixture
def platform(tmp_path: Path) -> Machine:
    """A program of another team that made the gateway and the workspace."""
    made = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=PLATFORM)
    made.up()
    return made


def test_stack_on_an_existing_gateway_and_workspace(platform: Machine, tmp_path: Path) -> None:
    ids = platform.outputs()
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    machine.configure(**ids, administratorEmail=None, gatewayDiagnosticSettingName="")
    guarded = machine.pulumi("preview", "--policy-pack", "policies/guardrails")
    assert "[mandatory]" not in guarded
    assert "can't run policy 'connected'" in guarded, "whose the gateway's identity is"
    machine.up()
    made = {entry["type"].rsplit(":", 1)[1] for entry in machine.changes()}
    assert not {"ApiManagementService", "Workspace", "Logger"} & made
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("refresh", "--yes", "--expect-no-changes")

    check = machine.run(*CHECK, "--timeout", "10")
    assert check.status == 0, check.text

    machine.pulumi("destroy", "--yes")
    assert "Microsoft.ApiManagement/service  apim-shared" in machine.leftovers().text
    platform.pulumi("preview", "--expect-no-changes")
    machine.up()
    platform.pulumi("refresh", "--yes", "--expect-no-changes")


def test_second_setting_for_the_same_logs_fails_with_azures_reason(
    platform: Machine, tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    machine.configure(**platform.outputs(), administratorEmail=None)
    assert "is already used in diagnostic setting" in machine.up(fails=True)
