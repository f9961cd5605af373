"""The parts of the deployed configuration, and how each is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from queries.check import role_assignments, vault
from queries.check.configuration.base import last
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.configuration.versions import (
    ACCOUNTS,
    DIAGNOSTICS,
    LOGGER,
    ROLES,
    SERVICES,
    SETTINGS,
    UPGRADES,
)
from queries.check.gateway import reading
from queries.outputs import Target

Read = Callable[[Manager, Target], Any]


def _service(child: str, version: str = SERVICES, **query: str) -> Read:
    return lambda arm, target: arm.get(target.gateway_id + child, version, **query)


def _api(child: str, version: str = SERVICES, **query: str) -> Read:
    return lambda arm, target: arm.get(
        f"{target.gateway_id}/apis/{target.api_id}{child}", version, **query
    )


def _settings(of: Callable[[Target], str]) -> Read:
    path = "/providers/Microsoft.Insights/diagnosticSettings"
    return lambda arm, target: arm.list(of(target) + path, SETTINGS)


def _consumers(arm: Manager, target: Target) -> Any:
    """Return the subscription of each consumer, by name, from one list of all.

    Where keys are refused no consumer has any.
    """
    if target.consumer_keys == "refuse":
        return {}
    listed = arm.list(f"{target.gateway_id}/subscriptions", SERVICES)
    found = {str(one.get("name") or last(one.get("id"))).lower(): one for one in listed}
    return {name: found.get(name.lower()) for name in target.consumers}


def _vault(arm: Manager, target: Target) -> Any:
    """Return what the vault holds of each active consumer, and the consumer's keys, by its name."""
    if not target.key_vault_id or target.consumer_keys == "refuse":
        return {}
    paths = [vault.path(target.key_vault_id, name) for name in target.consumers]
    secrets = arm.many(paths, vault.SECRETS)
    lists = [f"{target.gateway_id}/subscriptions/{name}/listSecrets" for name in target.consumers]
    answers = arm.at_once(partial(arm.post, path, SERVICES) for path in lists)
    found = dict[str, Any]()
    for name, secret, keys in zip(target.consumers, secrets.values(), answers, strict=True):
        if isinstance(secret, UnreadableError):
            raise secret
        if isinstance(keys, UnreadableError):
            raise keys
        both = {which: str((keys or {}).get(f"{which}Key")) for which in vault.BOTH}
        found[name] = (vault.Held.of(secret) if isinstance(secret, dict) else None, both)
    return found


def _roles(arm: Manager, target: Target) -> Any:
    path = "/providers/Microsoft.Authorization/roleAssignments"
    return arm.list(target.account.id + path, ROLES, **{"$filter": "atScope()"})


def _upgrade(arm: Manager, target: Target) -> Any:
    """Read the account by a preview version of the API; None from a cloud that does not have it."""
    try:
        return arm.get(target.account.id, UPGRADES)
    except UnreadableError as error:
        if str(error) == NO_SUCH_VERSION:
            return None
        raise


NO_SUCH_VERSION = "HTTP 400"
"""https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider
says how Azure refuses an API version that a resource type does not have."""


def _gateway(arm: Manager, target: Target) -> Any:
    return reading.read(arm, target)


def _callers(arm: Manager, target: Target) -> Any:
    return role_assignments.read(arm, target)


READS: dict[str, Read] = {
    "gateway": _service(""),
    "gateway settings": _settings(lambda target: target.gateway_id),
    "account settings": _settings(lambda target: target.account.id),
    "diagnostic": _api(f"/diagnostics/{LOGGER}", DIAGNOSTICS),
    "policy": _api("/policies/policy", SERVICES, format="rawxml"),
    "gateway APIs": _gateway,
    "callers": _callers,
    "consumers": _consumers,
    "vault": _vault,
    "account": lambda arm, target: arm.get(target.account.id, ACCOUNTS),
    "upgrade": _upgrade,
    "deployments": lambda arm, target: arm.list(f"{target.account.id}/deployments", ACCOUNTS),
    "roles": _roles,
}
"""Every part of the configuration that is compared, and how it is read."""
