"""The vault that holds consumers' keys: by roles alone, and kept after deletion.

https://learn.microsoft.com/azure/key-vault/general/secure-key-vault
"""

from __future__ import annotations

from pack.parameters import Config, Parameter
from pack.resource import Resource
from pack.shapes import SET, Shape, free

NETWORK: Parameter[str] = Parameter(
    "network",
    "any",
    "any: every network may reach the vault, which its roles then guard alone; private: none may",
    {"enum": ["any", "private"]},
)


def vault(_: Resource, config: Config) -> Shape:
    """Return what a vault may hold."""
    return {
        **free("vaultName"),
        "properties": {
            "tenantId": SET,
            "sku": {"family": "A", "name": ("standard", "premium")},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enablePurgeProtection": True,
            "enabledForDeployment": False,
            "enabledForDiskEncryption": False,
            "enabledForTemplateDeployment": False,
            "publicNetworkAccess": (
                "Disabled" if NETWORK.read(config) == "private" else ("Enabled", "Disabled")
            ),
        },
    }
