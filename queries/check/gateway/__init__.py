"""Every way that a call may take through the gateway, read from Resource Manager and judged."""
