"""The Azure OpenAI account, its model deployments and its logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cognitiveservices

from components.azure.diagnostics import send_everything
from components.azure.environment import AzureEnvironment
from components.content_filter import content_filter
from components.settings.content_filter import ContentFilter
from components.settings.items import Deployment


@dataclass(frozen=True, kw_only=True)
class OpenAIAccountArgs:
    """An account to create, with its deployments."""

    name: pulumi.Input[str]
    """Name and custom subdomain; tokens are accepted on a custom subdomain only."""
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    environment: AzureEnvironment
    content_filters: Sequence[ContentFilter]
    deployments: Sequence[Deployment]
    diagnostic_setting_name: str
    workspace_id: pulumi.Input[str]
    tags: pulumi.Input[dict[str, str]]
    protect: bool


class OpenAIAccount(pulumi.ComponentResource):
    """An account, created as kind OpenAI, that takes Microsoft Entra tokens only."""

    id: pulumi.Output[str]
    """ARM id."""
    endpoint: pulumi.Output[str]
    """`https://<subdomain>.openai.azure.com/`, as Azure reports it."""
    backend_url: pulumi.Output[str]
    """Where a gateway sends calls: `https://<subdomain>.openai.azure.com/openai`, no slash at the
    end. It is made from the name, so that it is known before the account exists."""

    last: list[pulumi.Resource]
    """The deployment that is created last, as each waits for the one before."""

    def __init__(
        self, name: str, args: OpenAIAccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("aoai:index:OpenAIAccount", name, None, opts)
        account = self._account(name, args)
        self.id = account.id
        self.endpoint = account.properties.endpoint
        self.backend_url = pulumi.Output.concat(
            "https://", args.name, ".", args.environment.openai_suffix, "/openai"
        )
        self.last = self._deployments(account, args)
        send_everything(
            f"{name}-diagnostics",
            setting_name=args.diagnostic_setting_name,
            resource_id=account.id,
            workspace_id=args.workspace_id,
            category_groups=("allLogs",),
            dedicated_tables=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"id": self.id, "endpoint": self.endpoint})

    def _account(self, name: str, args: OpenAIAccountArgs) -> cognitiveservices.Account:
        return cognitiveservices.Account(
            name,
            account_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            kind="OpenAI",
            sku=cognitiveservices.SkuArgs(name="S0"),
            identity=cognitiveservices.IdentityArgs(
                type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED
            ),
            properties=cognitiveservices.AccountPropertiesArgs(
                custom_sub_domain_name=args.name,
                disable_local_auth=True,
                # A gateway outside a virtual network reaches the account over its public endpoint.
                public_network_access=cognitiveservices.PublicNetworkAccess.ENABLED,
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                # Azure refuses to move an account to another subdomain or region.
                delete_before_replace=True,
                replace_on_changes=["location", "properties.customSubDomainName"],
                # Azure itself turns accounts into Foundry resources, and a person may undo that.
                # The kind that a refresh finds stays. Without a refresh, a change sends the kind in
                # the state, which undoes the upgrade: so the post-deploy check asks for a refresh.
                # https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai-auto
                ignore_changes=["kind", "properties.allowProjectManagement"],
            ),
        )

    def _deployments(
        self, account: cognitiveservices.Account, args: OpenAIAccountArgs
    ) -> list[pulumi.Resource]:
        """Declare filters and deployments in a row: Azure refuses parallel changes of an account.

        A deployment comes after the filter that it names, and is deleted before it.
        """
        previous: list[pulumi.Resource] = []
        for wanted in args.content_filters:
            opts = pulumi.ResourceOptions(parent=self, depends_on=previous)
            previous = [content_filter(wanted, account, args.resource_group_name, opts)]
        for declared in args.deployments:
            deployment = cognitiveservices.Deployment(
                f"deployment-{declared.name}",
                deployment_name=declared.name,
                account_name=account.name,
                resource_group_name=args.resource_group_name,
                sku=cognitiveservices.SkuArgs(name=declared.sku, capacity=declared.capacity),
                properties=cognitiveservices.DeploymentPropertiesArgs(
                    model=cognitiveservices.DeploymentModelArgs(
                        format="OpenAI", name=declared.model, version=declared.version
                    ),
                    version_upgrade_option=declared.upgrade,
                    rai_policy_name=declared.content_filter or None,
                ),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=previous,
                    protect=args.protect,
                    # A change of model or SKU in the stack file replaces the deployment.
                    # https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/cognitive_deployment
                    # A model that Azure moved does not: Azure is asked to move it back in place.
                    # https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
                    delete_before_replace=True,
                    replacement_trigger=f"{declared.model} {declared.sku}",
                ),
            )
            previous = [deployment]
        return previous
