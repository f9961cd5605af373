"""The stack's parts: one component, or one concern, a module."""
