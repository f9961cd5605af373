"""The API on the gateway: import, policy, logging, role and consumers."""
