"""The stack's outputs: what a person needs, and all that the post-deploy check needs."""

from __future__ import annotations

from typing import Any

import pulumi

from components.azure.environment import AzureEnvironment
from components.azure.models import kind_of
from components.gateway import Gateway
from components.insights.component import Insights
from components.openai_account import OpenAIAccount
from components.openai_api.component import OpenAIApi
from components.openai_api.policy import ACCOUNTING_HEADER, KEY_HEADER
from components.settings.figures import budgets, prices
from components.settings.stack import GATEWAY_ROLES, Settings
from components.workspace import Workspace

PROOF_VERSION = 1
"""Version of the `proof` output's shape."""


def export(
    settings: Settings,
    environment: AzureEnvironment,
    workspace: Workspace,
    account: OpenAIAccount,
    gateway: Gateway,
    api: OpenAIApi,
    shown: Insights | None,
) -> None:
    """Register every output of the stack."""
    deployments = [
        {
            "name": deployment.name,
            "model": deployment.model,
            "version": deployment.version,
            "kind": kind_of(deployment.model),
            "capacity": deployment.capacity,
            "sku": deployment.sku,
        }
        for deployment in settings.deployments
    ]
    values: dict[str, Any] = {
        "gatewayUrl": gateway.url,
        "apiPath": settings.api_path,
        "accountEndpoint": account.endpoint,
        "accountId": account.id,
        "gatewayId": gateway.id,
        "workspaceId": workspace.id,
        "workspaceCustomerId": workspace.customer_id,
        "deployments": deployments,
    }
    for key, value in values.items():
        pulumi.export(key, value)
    if api.subscription_keys is not None:
        pulumi.export("subscriptionKeys", api.subscription_keys)
    pulumi.export("portal", _portal_links(environment, workspace, account, gateway, shown))
    made = {
        "backendUrl": account.backend_url,
        "operations": api.operations,
        "gatewayPrincipalId": api.principal_id,
    }
    pulumi.export("proof", {**values, **made, **_for_the_check(settings, environment)})


def _portal_links(
    environment: AzureEnvironment,
    workspace: Workspace,
    account: OpenAIAccount,
    gateway: Gateway,
    shown: Insights | None,
) -> dict[str, pulumi.Output[str]]:
    """Pages of the portal: dashboards, the gateway's APIs, the query editor, the workbook."""
    base = f"{environment.portal}/#resource"
    workbook = (
        {"workbook": pulumi.Output.concat(base, shown.workbook_id, "/workbook")} if shown else {}
    )
    return {
        "account": pulumi.Output.concat(base, account.id, "/overview"),
        "gateway": pulumi.Output.concat(base, gateway.id, "/apim-apis"),
        "logs": pulumi.Output.concat(base, workspace.id, "/logs"),
        **workbook,
    }


def _for_the_check(settings: Settings, environment: AzureEnvironment) -> dict[str, Any]:
    return {
        "version": PROOF_VERSION,
        "apiId": settings.api_name,
        "consumers": [c.name for c in settings.consumers if c.state == "active"],
        "capture": settings.capture,
        "bodyBytes": settings.body_bytes,
        "logResponseBodies": settings.response_bodies,
        "accountingHeader": ACCOUNTING_HEADER,
        "backendTimeoutSeconds": settings.backend_timeout_seconds,
        "samplingPercentage": settings.sampling_percentage,
        "llmLogging": settings.llm_logging,
        "subscriptionKeyHeader": KEY_HEADER,
        "apiVersion": settings.check_api_version,
        "logsEndpoint": environment.logs_endpoint,
        "managementEndpoint": environment.management_endpoint,
        "audience": environment.openai_audience,
        "roleId": GATEWAY_ROLES[settings.gateway_role],
        "llmMessageBytes": settings.llm_message_bytes,
        "budgets": budgets(settings.consumers),
        "prices": prices(settings.prices) if settings.prices else {},
        "diagnosticSettings": {
            "gateway": settings.gateway_diagnostic_setting_name,
            "account": settings.account_diagnostic_setting_name,
        },
    }
