"""The Azure OpenAI account, created or existing, with its model deployments and its logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cognitiveservices

from components import existing_account, resource_group
from components.account_network import PUBLIC, Access
from components.azure import arm_id, provider
from components.azure.diagnostics import send_everything
from components.azure.environment import AzureEnvironment
from components.content_filter import content_filter
from components.copies import copy_everything
from components.network import Place
from components.settings.content_filter import ContentFilter
from components.settings.copies import Copy
from components.settings.items import Deployment

LOGS = ("allLogs",)
"""Groups of log categories that are sent."""


@dataclass(frozen=True, kw_only=True)
class OpenAIAccountArgs:
    """An account to create, or `existing_id` to use one; and the deployments in it."""

    label: str = ""
    """Short name among several accounts; "" for the only one."""
    was: str = ""
    """What the program called the first of several while it was the only one; "" for any other."""
    named_by: existing_account.Keys = existing_account.ONLY
    """What errors call the stack file's keys of the account."""
    existing_id: str
    """ARM id of an existing account, or ""."""
    kind: str
    """Kind of an account to create: OpenAI, or AIServices for a Foundry resource."""
    keys: str
    """`allow` if an existing account may take its keys, `refuse` to warn where it does."""
    gateway_behind_network: bool
    """Whether the gateway may lie in a network that reaches an account that is closed to others."""
    group: str
    """Name of the stack's resource group."""
    group_is_created: bool
    """Whether the stack creates that group: no existing account may lie in it then."""
    name: pulumi.Input[str]
    """Name and custom subdomain; tokens are accepted on a custom subdomain only."""
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    environment: AzureEnvironment
    content_filters: Sequence[ContentFilter]
    deployments: Sequence[Deployment]
    diagnostic_setting_name: str
    """"" if an existing account sends its logs to the workspace already."""
    network: Access = PUBLIC
    """Who may call an account to create, and whom it may call."""
    workspace_id: pulumi.Input[str]
    copies: Sequence[Copy] = ()
    """Further places that get the logs too."""
    tags: pulumi.Input[dict[str, str]]
    protect: bool


class OpenAIAccount(pulumi.ComponentResource):
    """An account that takes Microsoft Entra tokens only; or an existing one."""

    label: str
    """Short name among several accounts; "" for the only one."""
    deployments: tuple[Deployment, ...]
    """What the stack file says of the model deployments."""
    id: pulumi.Output[str]
    """ARM id."""
    endpoint: pulumi.Output[str]
    """`https://<subdomain>.openai.azure.com/`, as Azure reports it."""
    backend_url: pulumi.Output[str]
    """Where a gateway sends calls: `https://<subdomain>.openai.azure.com/openai`, no slash at the
    end. It is made from the name, so that it is known before the account exists."""
    subscription_id: str | None
    """Subscription of an existing account; None for the stack's own."""
    _account_name: pulumi.Input[str]
    _group_name: pulumi.Input[str]
    _account_provider: pulumi.ProviderResource | None
    """Provider of the account's subscription; None for the stack's own."""
    was: str
    """What the program called the first of several while it was the only one; "" for any other."""
    last: list[pulumi.Resource]
    """The deployment that is created last, as each waits for the one before."""

    def __init__(
        self, name: str, args: OpenAIAccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("aoai:index:OpenAIAccount", name, None, opts)
        self._args = args
        self.label, self.was = args.label, args.was
        self.deployments = tuple(args.deployments)
        self._own: existing_account.HandedOver | None = None
        if args.existing_id:
            self._use(name)
        else:
            self._create(name)
        self.last = self._deployments()
        if args.network.place and not args.existing_id:
            self.last = [self._endpoint(name, args.network.place)]
        if args.diagnostic_setting_name:
            send_everything(
                f"{name}-diagnostics",
                setting_name=args.diagnostic_setting_name,
                resource_id=self.id,
                workspace_id=args.workspace_id,
                category_groups=LOGS,
                dedicated_tables=False,
                opts=pulumi.ResourceOptions(parent=self, provider=self._account_provider),
            )
        copy_everything(
            f"{name}-copy",
            args.copies,
            resource_id=self.id,
            category_groups=LOGS,
            opts=pulumi.ResourceOptions(parent=self, provider=self._account_provider),
        )
        self.register_outputs({"id": self.id, "endpoint": self.endpoint})

    @property
    def _within(self) -> str:
        """Begin the names of what lies in one of several accounts."""
        return f"{self.label}-" if self.label else ""

    def _use(self, name: str) -> None:
        found = arm_id.require(self._args.existing_id, existing_account.ACCOUNTS)
        self.subscription_id = found.subscription_id
        self._account_provider = provider.of_subscription(
            f"{name}-subscription", found.subscription_id, parent=self
        )
        if self._account_provider is None:
            if self._args.group_is_created:
                resource_group.refuse_inside(
                    self._args.named_by.id, "account", found, self._args.group
                )
            if self._args.was:
                only = existing_account.HandedOver(found, self._args.group, self._args.was)
                existing_account.check_created(only, found)
        self._own = existing_account.HandedOver(found, self._args.group, name, self._within)
        answer = existing_account.read(
            self._args.existing_id,
            named_by=self._args.named_by,
            keys=self._args.keys,
            behind_network=self._args.gateway_behind_network,
            parent=self,
            provider=self._account_provider,
        )
        in_stacks = self._account_provider is None
        own = self._own if in_stacks and self._own.is_own else None
        self.id = answer["id"].apply(own.exact) if own else answer["id"]
        if own:
            existing_account.let_go(name, self.id, parent=self)
        self._account_name, self._group_name = answer["name"], found.resource_group
        if own:
            # What lies inside would be replaced for another letter case in the stack file.
            self._account_name = self.id.apply(_name)
            self._group_name = self._args.resource_group_name
        self.endpoint = answer.apply(existing_account.endpoint)
        self._set_backend(answer["properties"]["customSubDomainName"])
        self._hooks = existing_account.hooks(
            name, self._args.named_by, parent=self, provider=self._account_provider
        )
        for declared in self.deployments:
            if declared.existing:
                self._existing_deployment(declared)

    def _create(self, name: str) -> None:
        account = self._account(name, self._args)
        self.subscription_id = self._account_provider = None
        self._hooks = existing_account.NO_HOOKS
        self.id, self._account_name = account.id, account.name
        self._group_name = self._args.resource_group_name
        self.endpoint = account.properties.endpoint
        self._set_backend(self._args.name)

    def _set_backend(self, subdomain: pulumi.Input[str]) -> None:
        suffix = self._args.environment.openai_suffix
        self.backend_url = pulumi.Output.concat("https://", subdomain, ".", suffix, "/openai")

    def _account(self, name: str, args: OpenAIAccountArgs) -> cognitiveservices.Account:
        return cognitiveservices.Account(
            name,
            account_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            kind=args.kind,
            sku=cognitiveservices.SkuArgs(name="S0"),
            identity=cognitiveservices.IdentityArgs(
                type=cognitiveservices.ResourceIdentityType.SYSTEM_ASSIGNED
            ),
            properties=cognitiveservices.AccountPropertiesArgs(
                custom_sub_domain_name=args.name,
                disable_local_auth=True,
                **args.network.properties,
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
                # A stack file that wants a Foundry resource gets one, from whatever it was.
                ignore_changes=[
                    *(["kind"] if args.kind == "OpenAI" else []),
                    "properties.allowProjectManagement",
                ],
            ),
        )

    def _endpoint(self, name: str, place: Place) -> pulumi.Resource:
        """Declare the private endpoint, after the deployments: it changes the account as they do.

        https://github.com/hashicorp/terraform-provider-azurerm/issues/31712
        """
        from components import private_endpoint  # noqa: PLC0415 slow to load

        target = private_endpoint.Target(
            id=self.id,
            name=self._account_name,
            resource_group_name=self._group_name,
            tags=self._args.tags,
        )
        opts = pulumi.ResourceOptions(parent=self, depends_on=self.last)
        return private_endpoint.account_endpoint(f"{name}-endpoint", place, target, opts)

    def _deployments(self) -> list[pulumi.Resource]:
        """Declare filters and deployments in a row: Azure refuses parallel changes of an account.

        Accounts do not wait for each other.

        A deployment comes after the filter that it names, and is deleted before it.
        """
        previous: list[pulumi.Resource] = []
        for wanted in self._args.content_filters:
            was = f"content-filter-{wanted.name}"
            opts = self._inside(previous, self._hooks.content_filter, was)
            name = f"content-filter-{self._within}{wanted.name}"
            previous = [content_filter(name, wanted, self._account_name, self._group_name, opts)]
        for declared in _in_order(self.deployments):
            if not declared.existing:
                previous = [self._deployment(declared, previous)]
        return previous

    def _inside(
        self, after: list[pulumi.Resource], hooks: pulumi.ResourceHookBinding | None, was: str
    ) -> pulumi.ResourceOptions:
        """Return the options of what lies in the account, called `was` in the only one."""
        return pulumi.ResourceOptions(
            parent=self,
            provider=self._account_provider,
            depends_on=after,
            hooks=hooks,
            aliases=[pulumi.Alias(name=was)] if self._args.was else None,
        )

    def _named(self, declared: Deployment) -> str:
        """Return what the program calls a deployment."""
        return f"deployment-{self._within}{declared.name}"

    def _existing_deployment(self, declared: Deployment) -> None:
        handed_over = self._own is not None and self._own.deployment(declared.name)
        existing_account.deployment(
            declared,
            arm_id.require(self._args.existing_id, existing_account.ACCOUNTS),
            key=self._args.named_by.deployments,
            handed_over=self._named(declared) if handed_over else "",
            within=self.id,
            parent=self,
            provider=self._account_provider,
        )

    def _deployment(
        self, declared: Deployment, after: list[pulumi.Resource]
    ) -> cognitiveservices.Deployment:
        options = pulumi.ResourceOptions(
            protect=self._args.protect,
            # A change of model or SKU in the stack file replaces the deployment.
            # https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/cognitive_deployment
            # A model that Azure moved does not: Azure is asked to move it back in place.
            # https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
            delete_before_replace=True,
            replacement_trigger=f"{declared.model} {declared.sku}",
        )
        return cognitiveservices.Deployment(
            self._named(declared),
            deployment_name=declared.name,
            account_name=self._account_name,
            resource_group_name=self._group_name,
            sku=cognitiveservices.SkuArgs(name=declared.sku, capacity=declared.capacity),
            properties=cognitiveservices.DeploymentPropertiesArgs(
                model=cognitiveservices.DeploymentModelArgs(
                    format=declared.format, name=declared.model, version=declared.version
                ),
                version_upgrade_option=declared.upgrade,
                rai_policy_name=declared.content_filter or None,
                spillover_deployment_name=declared.spillover or None,
            ),
            opts=pulumi.ResourceOptions.merge(
                self._inside(after, self._hooks.deployment, f"deployment-{declared.name}"), options
            ),
        )


def _name(account_id: str) -> str:
    return arm_id.require(account_id, existing_account.ACCOUNTS).name


def _in_order(deployments: Sequence[Deployment]) -> list[Deployment]:
    """Put what spills over behind that which answers for it: Azure must know the name."""
    return sorted(deployments, key=lambda one: bool(one.spillover))
