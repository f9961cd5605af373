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
FAULTS = (0, 403, 408, 500, 502, 503, 504)
"""Statuses that tell nothing of a key: a closed gateway answers 403 to any. A limit of a plan (429)
comes after the key."""
TAKEN = 404
"""Status of a call with a key that is taken, to a deployment that there is not."""
EXPIRED = "ConsumerExpired"
"""Code of a 403 that the policy gives to a key that is taken."""


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

    def reached(self, key: str) -> str:
        """Say why the gateway cannot be asked from here; "" if it tells a key from none."""
        known, unknown = self._status(key), self._status(secrets.token_hex(16))
        if known in (REFUSED, *FAULTS) or unknown != REFUSED:
            return (
                f"the gateway answers {_said(known)} to the key in the vault, and {_said(unknown)} "
                "to one that nobody has"
            )
        return ""

    def _status(self, key: str) -> int:
        """Return the status of a call with a key; 0 for no answer."""
        target, name = self.target, f"no-such-{secrets.token_hex(6)}"
        deployment, kind = kinds.slots(target)[0]
        path = kinds.template(target, kind, deployment.name)
        on_v1 = path.startswith(kinds.V1_SURFACE)
        path = path.replace("{deployment-id}", name)
        try:
            answer = self.client.post(
                f"{target.gateway_url}/{target.api_path}{path}",
                params={} if on_v1 else {"api-version": target.api_version},
                headers={target.subscription_key_header: key},
                json={"model": name, "messages": [{"role": "user", "content": "hi"}]},
                timeout=30.0,
            )
        except httpx.HTTPError:
            return 0
        return TAKEN if EXPIRED in answer.text else answer.status_code


def _said(status: int) -> str:
    return f"HTTP {status}" if status else "no answer"
