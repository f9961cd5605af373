"""The API on the gateway: role, import, policy, logging, and who may call it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import apimanagement, authorization
from pulumi_azure_native_apimanagement_v20240601preview import apimanagement as preview

from components.azure import provider
from components.azure.environment import AzureEnvironment
from components.gateway import Gateway
from components.logger import LOGGER
from components.openai_account import OpenAIAccount
from components.openai_api import api_import, consumers, policy, routing
from components.openai_api.diagnostic import ApiLogging
from components.openai_api.policy import KEY_HEADER, KEY_QUERY_PARAMETER
from components.openai_api.routing import Routing
from components.openai_api.token_callers import TokenCallers
from components.settings import api_document, expiry
from components.settings.items import Consumer
from components.settings.plan_branches import Group, branches

ACCOUNT = "{account}/openai"


@dataclass(frozen=True, kw_only=True)
class OpenAIApiArgs:
    """The accounts to call, the gateway to call them through, and who may."""

    accounts: Sequence[OpenAIAccount]
    routing: Routing | None
    """The ways to several accounts; None for one account alone."""
    gateway: Gateway
    environment: AzureEnvironment
    role_id: str
    """GUID of the role that the gateway's identity gets on the account."""
    api_name: str
    path: pulumi.Input[str]
    document: str
    """File path or URL of the OpenAPI document; "" for the project's own."""
    backend_timeout: int
    """Seconds that the gateway waits for the account to begin its answer."""
    without: frozenset[str]
    """Fragments that the policy does without."""
    plans: Sequence[Group]
    """Limits of consumers that have some, with the consumers' names."""
    logging: ApiLogging
    product_name: str
    product_description: pulumi.Input[str]
    consumers: Sequence[Consumer]
    callers: TokenCallers | None
    """Who calls by tokens; None if keys alone let callers in."""
    export_keys: bool
    """Whether the stack reads the consumers' keys and exports them as a secret."""


class OpenAIApi(pulumi.ComponentResource):
    """Azure OpenAI's operations behind subscription keys, called with the gateway's identity."""

    principal_id: pulumi.Output[str]
    """Object id by which the account knows the gateway: that of the role's assignment."""
    subscription_keys: pulumi.Output[dict[str, str]] | None
    """Primary key of each consumer, by name; a secret."""
    operations: dict[str, str]
    """Id of each imported operation by method and path; empty if only Azure reads the document."""

    def __init__(
        self, name: str, args: OpenAIApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        operations = api_document.operations(args.document)
        # A first preview cuts long texts, so the component shows them line by line. A later
        # preview shows the lines that change, at the API and at its policy.
        readable = {"operations": operations, "policy": _policy_lines(args)}
        super().__init__(
            "aoai:index:OpenAIApi",
            name,
            readable,
            pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(ignore_changes=list(readable))
            ),
        )
        # Set after `super()`, which sets an output, unknown in a preview, under each input's name.
        self.operations = operations
        self._args = args
        self.principal_id = self._roles(name)[0]
        product = consumers.product(
            name,
            given=args.product_name,
            description=args.product_description,
            gateway=args.gateway,
            parent=self,
        )
        api = self._api(name)
        # Azure refuses two changes to one API at a time, so each waits for the one before.
        diagnostic = self._diagnostic(name, api, after=self._policy(name, api))
        consumers.link(
            name,
            api=api,
            api_name=args.api_name,
            product=product,
            gateway=args.gateway,
            parent=self,
            after=diagnostic,
        )
        with_keys = args.callers is None or args.callers.keys
        export_keys = args.export_keys and with_keys
        self.subscription_keys = consumers.subscriptions(
            args.consumers if with_keys else (),
            product=product,
            gateway=args.gateway,
            parent=self,
            export_keys=export_keys,
        )
        self.register_outputs({"subscriptionKeys": self.subscription_keys} if export_keys else {})

    def _roles(self, name: str) -> list[pulumi.Output[str]]:
        """Assign the gateway's role on each account; return the identity of each assignment."""
        return [
            self._role(f"{name}-role-{one.label}" if one.label else f"{name}-role", one)
            for one in self._args.accounts
        ]

    def _role(self, name: str, account: OpenAIAccount) -> pulumi.Output[str]:
        created, principal_id = self._args.gateway.created, self._args.gateway.principal_id
        subscription_id = account.subscription_id or (
            authorization.get_client_config_output(
                opts=pulumi.InvokeOptions(parent=self)
            ).subscription_id
        )
        role = authorization.RoleAssignment(
            name,
            scope=account.id,
            principal_id=principal_id,
            # Azure cannot look the type up: a new identity is not yet replicated.
            # https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
            principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
            role_definition_id=pulumi.Output.concat(
                "/subscriptions/",
                subscription_id,
                "/providers/Microsoft.Authorization/roleDefinitions/",
                self._args.role_id,
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                aliases=[pulumi.Alias(name="openai-api-role")] if account.was else None,
                # A replacement has another name, so it exists before the old role is deleted.
                replace_on_changes=["principalId", "roleDefinitionId"],
                # Any change of the gateway makes its identity unknown in a preview, which would
                # show a replacement. An update knows the identity, and whether it changed.
                ignore_changes=["principalId"] if created and pulumi.runtime.is_dry_run() else [],
                replacement_trigger=(
                    _where_known(principal_id) if self._args.gateway.is_own else None
                ),
                replace_with=[created] if created else [],
            ),
        )
        return role.principal_id

    def _api(self, name: str) -> apimanagement.Api:
        args = self._args
        imported = api_import.prepare(args.document, args.accounts[0].backend_url)
        return apimanagement.Api(
            name,
            api_id=args.api_name,
            service_name=args.gateway.name,
            resource_group_name=args.gateway.resource_group_name,
            display_name=api_import.TITLE,
            path=args.path,
            protocols=[apimanagement.Protocol.HTTPS],
            api_type=apimanagement.ApiType.HTTP,
            # With tokens a call comes without a key; a key that is none is refused all the same.
            subscription_required=args.callers is None,
            subscription_key_parameter_names=apimanagement.SubscriptionKeyParameterNamesContractArgs(
                header=KEY_HEADER, query=KEY_QUERY_PARAMETER
            ),
            format=imported.format,
            value=imported.value,
            opts=self._args.gateway.inside(self),
        )

    def _policy(self, name: str, api: apimanagement.Api) -> apimanagement.ApiPolicy:
        args, ways = self._args, list[pulumi.Resource]()
        if args.routing:
            ways = routing.declare(name, args.routing, args.accounts, args.gateway, self)
        return apimanagement.ApiPolicy(
            f"{name}-policy",
            policy_id="policy",
            api_id=api.name,
            service_name=args.gateway.name,
            resource_group_name=args.gateway.resource_group_name,
            format=apimanagement.PolicyContentFormat.RAWXML,
            value=pulumi.Output.all(args.accounts[0].backend_url, args.gateway.tier).apply(
                lambda known: _policy_text(args, *known)
            ),
            # Azure refuses a policy that names a backend which is not there.
            opts=args.gateway.inside(self, *ways),
        )

    def _diagnostic(
        self, name: str, api: apimanagement.Api, *, after: pulumi.Resource
    ) -> preview.ApiDiagnostic:
        """Declare the API's own logging, in the oldest API version that has `largeLanguageModel`.

        https://github.com/Azure/azure-rest-api-specs/tree/main/specification/apimanagement/resource-manager/Microsoft.ApiManagement/ApiManagement/preview/2024-06-01-preview
        """
        gateway = self._args.gateway
        options = pulumi.ResourceOptions(
            provider=provider.local_package(
                f"{name}-preview-version", gateway.subscription_id, parent=self
            ),
            # Earlier commits declared it as this type; an API has one diagnostic of the name.
            aliases=[pulumi.Alias(type_="azure-native:resources:Resource")],
            delete_before_replace=True,
        )
        return preview.ApiDiagnostic(
            f"{name}-diagnostic",
            diagnostic_id=LOGGER,
            api_id=api.name,
            service_name=gateway.name,
            resource_group_name=gateway.resource_group_name,
            logger_id=gateway.logger_id,
            **self._args.logging.as_inputs(),
            opts=pulumi.ResourceOptions.merge(
                gateway.inside(self, after, *gateway.ready_to_log), options
            ),
        )


def _where_known(principal_id: pulumi.Output[str]) -> pulumi.Output[str | None]:
    """Return `principal_id` as a trigger of replacement; None while it is unknown or missing.

    An unknown trigger counts as one that changes, None as no trigger.
    """
    known: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
    known.set_result(True)

    async def now() -> str | None:
        return (await principal_id.future() or None) if await principal_id.is_known() else None

    return pulumi.Output(set(), now(), known)


def _policy_text(args: OpenAIApiArgs, backend_url: str, tier: str) -> str:
    told: Any = {"header": policy.ACCOUNTING_HEADER, "by_token": args.callers is not None}
    return policy.render(
        audience=args.environment.openai_audience,
        backend_url=backend_url,
        timeout=args.backend_timeout,
        tier=tier,
        without=args.without,
        routing=args.routing,
        callers=args.callers,
        plans=[
            *expiry.branches(expiry.endings(args.consumers), **told),
            *branches(args.plans, api=args.api_name, **told),
        ],
    )


def _policy_lines(args: OpenAIApiArgs) -> list[str]:
    """Return the policy's lines, with a placeholder for the account's address.

    A first preview does not know that address, nor the tier of an existing gateway.
    """
    return _policy_text(args, f"https://{ACCOUNT}", args.gateway.declared_tier).splitlines()
