"""Fail every operation of the stack in every way, and see how the stack recovers."""
