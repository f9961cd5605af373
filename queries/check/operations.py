"""The operations of an API whose document only Azure has read, as the gateway holds them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from queries.check.configuration.base import properties
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.configuration.versions import DIAGNOSTICS
from queries.outputs import Target

PATIENCE = 30.0
"""Seconds that the calls may be put off."""


def find(target: Target, manager: Manager) -> Target:
    """Return the target with its operations; as it is where it has some, or none can be read.

    They say on which surface a deployment is called, and whether it serves responses.
    https://learn.microsoft.com/rest/api/apimanagement/api-operation/list-by-api
    """
    if not target.every_call or target.operations:
        return target
    path = f"{target.gateway_id}/apis/{target.api_id}/operations"
    end, manager.deadline = manager.deadline, min(manager.deadline, _soon(manager))
    [found] = manager.at_once([partial(manager.list, path, DIAGNOSTICS)])
    manager.deadline = end
    if isinstance(found, UnreadableError):
        return target
    known = {
        f"{has.get('method')} {has.get('urlTemplate')}".partition("?")[0]: str(one.get("name"))
        for one in found
        for has in [properties(one)]
    }
    return replace(target, operations=known) if known else target


def _soon(manager: Manager) -> float:
    """Return until when to wait: calls need no answer."""
    return manager.clock.elapsed() + PATIENCE
