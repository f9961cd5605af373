"""The stack's outputs: what a person needs, and what the post-deploy check needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi

from components.azure.environment import AzureEnvironment
from components.azure.models import kind_of
from components.gateway import Gateway
from components.insights.component import Insights
from components.key_vault import KeyVault
from components.openai_account import OpenAIAccount
from components.openai_api.component import OpenAIApi
from components.openai_api.policy import ACCOUNTING_HEADER, KEY_HEADER
from components.settings import accounts as stack_file
from components.settings import copies, items
from components.settings.accounts import every_deployment
from components.settings.entra import consumers_by_claim
from components.settings.figures import budgets, prices
from components.settings.limits import GATEWAY_ROLES
from components.settings.stack import Settings
from components.workspace import Workspace
from queries import contract
from queries.contract import (
    Account,
    Deployment,
    DiagnosticSettings,
    Network,
    Plan,
    ProofOutput,
)
from queries.wire import wire

FOR_A_PERSON = (
    *("gatewayUrl", "apiPath", "accountEndpoint", "accountId", "gatewayId"),
    *("workspaceId", "workspaceCustomerId", "deployments"),
)
"""Keys of the output `proof` that are outputs of their own too."""


def export(
    settings: Settings,
    environment: AzureEnvironment,
    workspace: Workspace,
    accounts: Sequence[OpenAIAccount],
    gateway: Gateway,
    api: OpenAIApi,
    key_vault: KeyVault | None,
    insights: Insights | None,
) -> None:
    """Register every output of the stack."""
    proof = wire(_proof(settings, environment, workspace, accounts, gateway, api, key_vault))
    for key in FOR_A_PERSON:
        pulumi.export(key, proof[key])
    if api.subscription_keys is not None:
        pulumi.export("subscriptionKeys", api.subscription_keys)
    pulumi.export("portal", _portal_links(environment, workspace, accounts, gateway, insights))
    pulumi.export("proof", proof)


def _portal_links(
    environment: AzureEnvironment,
    workspace: Workspace,
    accounts: Sequence[OpenAIAccount],
    gateway: Gateway,
    insights: Insights | None,
) -> dict[str, pulumi.Output[str]]:
    """Return links into the portal: dashboards, the gateway's APIs, query editor, workbook."""
    base = f"{environment.portal}/#resource"
    workbook = (
        {"workbook": pulumi.Output.concat(base, insights.workbook_id, "/workbook")}
        if insights
        else {}
    )
    return {
        **{
            f"account-{one.label}" if one.label else "account": pulumi.Output.concat(
                base, one.id, "/overview"
            )
            for one in accounts
        },
        "gateway": pulumi.Output.concat(base, gateway.id, "/apim-apis"),
        "logs": pulumi.Output.concat(base, workspace.id, "/logs"),
        **workbook,
    }


def _proof(
    settings: Settings,
    environment: AzureEnvironment,
    workspace: Workspace,
    accounts: Sequence[OpenAIAccount],
    gateway: Gateway,
    api: OpenAIApi,
    key_vault: KeyVault | None,
) -> ProofOutput[pulumi.Input[str]]:
    """Gather what check and report must know of the stack."""
    every = tuple(map(_account, settings.every_account, accounts))
    return ProofOutput(
        version=contract.VERSION,
        gateway_url=gateway.url,
        api_path=settings.api_path,
        api_id=settings.api_name,
        account=every[0],
        accounts=every if settings.accounts else (),
        gateway_id=gateway.id,
        gateway_principal_id=api.principal_id,
        workspace_id=workspace.id,
        workspace_customer_id=workspace.customer_id,
        deployments=tuple(map(_deployment, every_deployment(settings.every_account))),
        consumers=tuple(c.name for c in settings.consumers if c.state == "active"),
        operations=api.operations,
        capture="full" if settings.capture == "full" else "metadata",
        body_bytes=settings.body_bytes,
        log_response_bodies=settings.response_bodies,
        sampling_percentage=settings.sampling_percentage,
        llm_logging=settings.llm_logging,
        llm_message_bytes=settings.llm_message_bytes,
        accounting_header=ACCOUNTING_HEADER,
        backend_timeout_seconds=settings.backend_timeout_seconds,
        subscription_key_header=KEY_HEADER,
        api_version=settings.check_api_version,
        logs_endpoint=environment.logs_endpoint,
        management_endpoint=environment.management_endpoint,
        audience=environment.openai_audience,
        role_id=GATEWAY_ROLES[settings.gateway_role],
        prices=prices(settings.prices) if settings.prices else {},
        budgets=budgets(settings.consumers),
        diagnostic_settings=DiagnosticSettings(
            gateway=settings.gateway_diagnostic_setting_name,
            account=every[0].diagnostic_setting,
        ),
        other_callers=settings.other_callers,
        stored_responses="refuse" if settings.stored_responses == "refuse" else "share",
        entra_tenant=settings.entra_tenant,
        entra_audience=settings.entra_audience,
        consumer_keys="allow" if settings.consumer_keys == "allow" else "refuse",
        token_consumers=tuple(consumers_by_claim(settings.consumers)),
        stream_usage="ensure" if settings.stream_usage == "ensure" else "leave",
        network=_network(settings),
        plans=tuple(Plan(consumers=names, **vars(one)) for one, names in settings.limited),
        copies=tuple(_copy(one, environment) for one in settings.copies),
        key_vault_id=key_vault.id if key_vault else "",
        key_readers={
            one.name: {reader.name.lower(): reader.type for reader in one.key_readers}
            for one in settings.consumers
            if one.key_readers and one.state == "active"
        },
        expires={
            one.name: one.expires
            for one in settings.consumers
            if one.expires and one.state == "active"
        },
    )


def _copy(given: copies.Copy, environment: AzureEnvironment) -> contract.Copy:
    storage = given.storage_account_id.rpartition("/")[2]
    return contract.Copy(
        name=given.name,
        blob_endpoint=f"https://{storage}.{environment.blob_suffix}" if storage else "",
        event_hub=given.event_hub_authorization_rule_id,
        of=given.of,
    )


def _network(settings: Settings) -> Network:
    wanted = settings.network
    closed: Literal["endpoint", "public"] = "endpoint" if wanted.account_endpoints else "public"
    inside: Literal["internal", "public"] = (
        "internal" if wanted.joined_as == "Internal" else "public"
    )
    return Network(
        account="firewall" if wanted.account_firewall else closed,
        gateway="endpoint" if wanted.closes_gateway else inside,
    )


def _account(given: stack_file.Account, made: OpenAIAccount) -> Account[pulumi.Input[str]]:
    return Account(
        name=given.name,
        kind="AIServices" if given.kind == "AIServices" else "OpenAI",
        existing=bool(given.id),
        keys="allow" if given.keys == "allow" else "refuse",
        id=made.id,
        endpoint=made.endpoint,
        backend_url=made.backend_url,
        deployments=tuple(map(_deployment, given.deployments)),
        priority=given.priority,
        weight=given.weight,
        diagnostic_setting=given.diagnostic_setting_name,
    )


def _deployment(declared: items.Deployment) -> Deployment:
    return Deployment(
        name=declared.name,
        model=declared.model,
        version=declared.version,
        kind=kind_of(declared.model, declared.format),
        format=declared.format,
        capacity=declared.capacity,
        sku=declared.sku,
        existing=declared.existing,
    )
