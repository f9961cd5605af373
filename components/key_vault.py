"""The Key Vault that holds consumers' keys, created or existing.

No secret is a resource of the stack. Pulumi would keep its value in the state and hand it through
the engine, the provider could delete it at the vault's own address alone, and each rotation would
show as a change. `tools.keys` puts the values there, and gives each reader the role on the secret,
which Azure assigns only once the secret exists. The check demands each secret.
https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/resources/customresources/custom_keyvault.go
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, keyvault

from components.settings.key_vault import CREATE

KEPT_DAYS = 90
"""Days that a deleted vault and deleted secrets are kept: the default, and the most.

https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
"""


@dataclass(frozen=True, kw_only=True)
class KeyVaultArgs:
    """A vault to create; or the ARM id of one to use."""

    vault: str
    """`create`, or the ARM id of an existing vault."""
    name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    public: bool
    """Whether a vault to create is open to every network."""
    tags: pulumi.Input[dict[str, str]]
    protect: bool


class KeyVault(pulumi.ComponentResource):
    """A vault for the consumers' keys."""

    id: pulumi.Output[str]
    """ARM id."""

    def __init__(
        self, name: str, args: KeyVaultArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("aoai:index:KeyVault", name, None, opts)
        if args.vault == CREATE:
            self.id = self._create(name, args).id
        else:
            self.id = pulumi.Output.from_input(args.vault)
        self.register_outputs({"id": self.id})

    def _create(self, name: str, args: KeyVaultArgs) -> keyvault.Vault:
        client = authorization.get_client_config_output(opts=pulumi.InvokeOptions(parent=self))
        return keyvault.Vault(
            name,
            vault_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=client.tenant_id,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=KEPT_DAYS,
                enable_purge_protection=True,
                # Templates, machines and disks have no business here.
                enabled_for_deployment=False,
                enabled_for_disk_encryption=False,
                enabled_for_template_deployment=False,
                public_network_access="Enabled" if args.public else "Disabled",
            ),
            tags=args.tags,
            # Keys handed out lie in it; a deleted vault keeps its name for 90 days.
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
