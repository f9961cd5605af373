"""A fortnight of calls through the deployed stack, and the truth about them."""

from sandbox.traffic.run import fill

__all__ = ["fill"]
