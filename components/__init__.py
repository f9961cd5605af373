"""The stack's parts: one component, or one concern, in each module."""
