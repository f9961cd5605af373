"""Vaults, and the secrets in them as Azure Resource Manager sees them: by name, without value.

https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/create-or-update
"""

import hashlib

from sandbox.arm.base import Put, refuse
from sandbox.cloud import Resource

VAULT = "Microsoft.KeyVault/vaults"
SECRET = f"{VAULT}/secrets"
DIGEST = "sandboxDigest"
"""Where the sandbox keeps a secret's SHA-256 instead of its value, which is on no disk in clear."""


def vault(put: Put) -> None:
    """Purge protection is never turned off again, and a vault's name is everybody's.

    https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview#purge-protection
    """
    protected = put.properties.get("enablePurgeProtection")
    if protected is False:
        text = 'The property "enablePurgeProtection" cannot be set to false.'
        raise refuse("BadRequest", text=text)
    before = put.existing.properties if put.existing else {}
    if before.get("enablePurgeProtection") and not protected:
        put.properties["enablePurgeProtection"] = True
    name = put.id.name.lower()
    if any(one.name.lower() == name for one in (*put.siblings(), *put.kept())):
        raise refuse("VaultAlreadyExists", name=put.id.name)
    put.properties["vaultUri"] = f"https://{name}.vault.azure.net/"


def secret(put: Put) -> None:
    """A PUT makes a new version of a secret; no GET shows its value.

    It needs a right of Resource Manager alone, and no network rule of the vault forbids it.
    https://learn.microsoft.com/rest/api/keyvault/secrets/create-or-update-secret
    https://learn.microsoft.com/azure/key-vault/general/overview-vnet-service-endpoints
    """
    value = put.properties.pop("value", None)
    if not value:
        raise refuse("BadRequest", text="The request body is missing the value of the secret.")
    put.properties[DIGEST] = hashlib.sha256(str(value).encode()).hexdigest()
    version = put.cloud.derive(put.id.text, put.properties[DIGEST], str(put.now))
    uri = (
        f"https://{put.id.parent.rpartition('/')[2].lower()}.vault.azure.net/secrets/{put.id.name}"
    )
    attributes = {"enabled": True} | (put.properties.get("attributes") or {})
    put.properties["attributes"] = attributes | {"updated": int(put.now)}
    put.properties.update({"secretUri": uri, "secretUriWithVersion": f"{uri}/{version}"})


def check_deletable(found: Resource) -> None:
    """Resource Manager deletes no secret: that is done at the vault's own address alone.

    https://github.com/Azure/terraform-provider-azapi/issues/879
    """
    if found.type == SECRET:
        raise refuse("DisallowedResourceOperation")
