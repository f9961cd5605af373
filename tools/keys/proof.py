"""Try keys at the gateway, by a call that costs nothing: to a deployment that there is not."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import httpx

from queries.check import kinds
from queries.clock import Clock
from queries.outputs import Target

PATIENCE, PAUSE = 120.0, 3.0
"""Seconds until a gateway must know a key that was made anew, and between two tries.

No page says how long it takes: a gateway of several units or regions may be late.
"""
REFUSED = 401
"""https://learn.microsoft.com/azure/api-management/api-management-subscriptions"""
FAULTS = (0, 408, 429, 500, 502, 503, 504)
"""Statuses that tell nothing of a key."""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The gateway, as callers meet it."""

    target: Target
    client: httpx.Client
    clock: Clock

    def proven(self, old: str, new: str) -> str:
        """Wait until the old key is refused and the new one is not; say what is wrong, or ""."""
        until = self.clock.elapsed() + PATIENCE
        while True:
            taken, refused = self._status(new), self._status(old)
            accepted = taken not in (REFUSED, *FAULTS)
            if accepted and refused == REFUSED:
                return ""
            if self.clock.elapsed() + PAUSE > until:
                break
            self.clock.sleep(PAUSE)
        if not accepted:
            return f"the gateway does not take the new key: {_said(taken)}"
        return f"the gateway still takes the old key: {_said(refused)}"

    def _status(self, key: str) -> int:
        """Return the status of a call with a key; 0 for no answer."""
        target, name = self.target, f"no-such-{secrets.token_hex(6)}"
        deployment, kind = kinds.slots(target)[0]
        path = kinds.template(target, kind, deployment.name)
        on_v1 = path.startswith(kinds.V1_SURFACE)
        path = path.replace("{deployment-id}", name)
        try:
            return self.client.post(
                f"{target.gateway_url}/{target.api_path}{path}",
                params={} if on_v1 else {"api-version": target.api_version},
                headers={target.subscription_key_header: key},
                json={"model": name, "messages": [{"role": "user", "content": "hi"}]},
                timeout=30.0,
            ).status_code
        except httpx.HTTPError:
            return 0


def _said(status: int) -> str:
    return f"HTTP {status}" if status else "no answer"
