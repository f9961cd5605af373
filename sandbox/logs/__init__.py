"""Azure Monitor: where telemetry goes, when it becomes visible, and how it is read."""

from sandbox.logs.blobs import blob_endpoint
from sandbox.logs.copies import Copies
from sandbox.logs.query import logs_endpoint
from sandbox.logs.routing import Telemetry
from sandbox.logs.store import Workspaces

__all__ = ["Copies", "Telemetry", "Workspaces", "blob_endpoint", "logs_endpoint"]
