"""Hand consumers' keys to the Key Vault, and rotate them without an outage."""
