"""The accounts behind the API: one, or several side by side."""

from __future__ import annotations

import pulumi

from components.account_network import PUBLIC, Access
from components.azure import naming
from components.azure.environment import AzureEnvironment
from components.existing_account import ONLY as ONLY_KEYS
from components.existing_account import Keys
from components.openai_account import OpenAIAccount, OpenAIAccountArgs
from components.settings import copies
from components.settings.accounts import Account
from components.settings.stack import Settings

ONLY = "openai-account"
"""What the program calls the account of the short keys."""


def declare(
    settings: Settings,
    azure: AzureEnvironment,
    *,
    resource_group_name: pulumi.Input[str],
    suffix: pulumi.Output[str],
    workspace_id: pulumi.Input[str],
    access: Access = PUBLIC,
) -> tuple[OpenAIAccount, ...]:
    """Declare each account that the stack file asks for; none waits for another.

    Those that exist come first: one that cannot be used ends the program before anything is made.
    """

    def one(account: Account) -> OpenAIAccount:
        ending = f"-{account.name}" if account.name else ""
        created = not account.id and not account.account_name
        # Azure keeps a deleted account's name: one that moves alone needs another one alone.
        own = {**settings.place, "location": account.location or settings.location}
        ours = naming.suffix(f"name-suffix{ending}", own) if ending and created else suffix
        was = ONLY if ending and account is settings.every_account[0] else ""
        return OpenAIAccount(
            f"{ONLY}{ending}",
            OpenAIAccountArgs(
                label=account.name,
                was=was,
                named_by=Keys.of_entry(settings.accounts.index(account)) if ending else ONLY_KEYS,
                existing_id=account.id,
                kind=account.kind,
                keys=account.keys,
                gateway_behind_network=bool(settings.gateway_id or settings.network.joins),
                group=settings.resource_group_name,
                group_is_created=not settings.use_existing_resource_group,
                name=naming.name(account.account_name, f"oai{ending}", ours),
                resource_group_name=resource_group_name,
                location=account.location or settings.location,
                environment=azure,
                content_filters=settings.content_filters,
                deployments=account.deployments,
                diagnostic_setting_name=account.diagnostic_setting_name,
                network=access,
                workspace_id=workspace_id,
                copies=[c for c in settings.copies if c.copies(account.name or copies.ACCOUNT)],
                tags=settings.tags,
                protect=settings.protect,
            ),
            # What lies below takes the name over too, where its own begins with the component's.
            pulumi.ResourceOptions(aliases=[pulumi.Alias(name=was)] if was else None),
        )

    every = settings.every_account
    made = {account.name: one(account) for account in sorted(every, key=lambda one: not one.id)}
    return tuple(made[account.name] for account in every)
