"""What is asked of a service again at once, and for how long it wants to be left alone."""

from __future__ import annotations

from time import monotonic
from typing import Any

from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import RetryPolicy


class Retries(RetryPolicy[Any, Any]):
    """Tries again what is soon mended; a wait that the service asks for is its caller's to make.

    It may be minutes, and the caller has a timeout of its own.
    """

    def __init__(self) -> None:
        super().__init__(retry_total=3)
        self._until = 0.0

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Tell whether it is tried again here: not where the answer has a `Retry-After`."""
        after = self.get_retry_after(response)
        if after is None:
            return bool(super().is_retry(settings, response))
        self._until = max(self._until, monotonic() + after)
        return False

    def left(self) -> float:
        """Return the seconds for which the service is to be left alone."""
        return max(0.0, self._until - monotonic())
