"""The store behind every endpoint: what exists in Azure, kept on disk between calls."""

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

SUBSCRIPTION_ID = "11111111-2222-3333-4444-555555555555"
PLATFORM_SUBSCRIPTION_ID = "22222222-3333-4444-5555-666666666666"
"""Another subscription of the tenant, in which teams keep what they share."""
SUBSCRIPTIONS = (SUBSCRIPTION_ID, PLATFORM_SUBSCRIPTION_ID)
TENANT_ID = "66666666-7777-8888-9999-000000000000"
DEPLOYER_OBJECT_ID = "deadbeef-0000-4000-8000-00000000c0de"
"""The person or pipeline logged in: Owner of the subscriptions, reader of their workspaces."""


@dataclass
class Resource:
    """One ARM resource: `body` is what a GET returns, without id, name and type."""

    id: str
    type: str
    name: str
    body: dict[str, Any]
    created: float = field(default_factory=time.time)
    incarnation: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def properties(self) -> dict[str, Any]:
        """Return the `properties` of the ARM body."""
        return cast("dict[str, Any]", self.body.setdefault("properties", {}))


def _lines(resources: Mapping[str, Resource]) -> str:
    """Write resources as JSON, each on a line of its own."""
    lines = (f"{json.dumps(key)}: {json.dumps(vars(one))}" for key, one in resources.items())
    return "{" + ",\n".join(lines) + "}"


class Cloud:
    """Resources by ARM id (compared without case) and what Azure keeps after a delete."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "cloud.json"
        saved = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._secret = saved.get("secret") or secrets.token_hex(32)
        self._live = {key: Resource(**value) for key, value in saved.get("live", {}).items()}
        self._deleted = {key: Resource(**value) for key, value in saved.get("deleted", {}).items()}

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the store for one change, and save it to disk if the block succeeds."""
        with self.lock:
            yield
            draft = self._file.with_suffix(".new")
            draft.touch(0o600)
            draft.write_text(
                f'{{"secret": {json.dumps(self._secret)},\n"live": {_lines(self._live)},\n'
                f'"deleted": {_lines(self._deleted)}}}\n'
            )
            draft.replace(self._file)

    def get(self, resource_id: str) -> Resource | None:
        """Return the live resource of an id, or None."""
        with self.lock:
            return self._live.get(resource_id.lower())

    def put(self, resource: Resource) -> None:
        """Add or replace a resource. Call inside `change()`."""
        self._live[resource.id.lower()] = resource

    def remove(self, resource_id: str, *, soft: bool = False) -> None:
        """Remove one resource, not those below it; `soft` keeps the resource as deleted.

        Call inside `change()`.
        """
        gone = self._live.pop(resource_id.lower())
        if soft:
            gone.created = time.time()
            self._deleted[resource_id.lower()] = gone

    def below(self, parent_id: str) -> list[Resource]:
        """Return every live resource whose id lies under `parent_id`."""
        prefix = parent_id.lower() + "/"
        with self.lock:
            return [value for key, value in self._live.items() if key.startswith(prefix)]

    def of_type(self, arm_type: str) -> list[Resource]:
        """Return all live resources of an ARM type, e.g. `Microsoft.ApiManagement/service/apis`."""
        with self.lock:
            return [r for r in self._live.values() if r.type.lower() == arm_type.lower()]

    def all(self) -> list[Resource]:
        """Return every live resource."""
        with self.lock:
            return list(self._live.values())

    def deleted(self) -> list[Resource]:
        """Return the soft-deleted resources; their `created` is the time of deletion."""
        with self.lock:
            return list(self._deleted.values())

    def purge(self, resource_id: str) -> None:
        """Forget a soft-deleted resource. Call inside `change()`."""
        self._deleted.pop(resource_id.lower(), None)

    def derive(self, *parts: str, length: int = 32) -> str:
        """Return a hex string that is fixed for this cloud and these parts, for keys and ids.

        Keys are derived instead of stored, so that none lies on disk in clear.
        """
        text = "\n".join(parts).lower()
        return hmac.new(self._secret.encode(), text.encode(), hashlib.sha512).hexdigest()[:length]

    def subscription_key(self, subscription: Resource, which: str) -> str:
        """Return a subscription's `primary` or `secondary` key, of 32 hex digits.

        Its incarnation counts how often each was regenerated, as `abc;primary=2`.
        """
        first, *turns = subscription.incarnation.split(";")
        own = [turn for turn in turns if turn.startswith(f"{which}=")]
        return self.derive(subscription.id, first, which, *own)

    def derive_guid(self, *parts: str) -> str:
        """Return a GUID that is fixed for this cloud and these parts, for ids."""
        h = self.derive(*parts)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"
