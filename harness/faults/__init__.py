"""Every operation failed in every way, and how the stack goes on."""
