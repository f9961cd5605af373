"""Azure Monitor: where telemetry goes, when it becomes visible, and how it is queried."""

from sandbox.logs.query import logs_endpoint
from sandbox.logs.routing import Telemetry
from sandbox.logs.store import Workspaces

__all__ = ["Telemetry", "Workspaces", "logs_endpoint"]
