"""The operations of an API whose document only Azure has read, as the gateway holds them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from queries.check.configuration.base import properties
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager, Resource
from queries.check.configuration.versions import SERVICES
from queries.outputs import Target


def find(target: Target, manager: Manager) -> Target:
    """Return the target with its operations; as it is where it has some, or none can be read.

    They say on which surface a deployment is called, and whether it serves responses.
    https://learn.microsoft.com/rest/api/apimanagement/api-operation/list-by-api
    """
    found: Sequence[Resource] = ()
    if target.every_call and not target.operations:
        with suppress(UnreadableError):
            found = manager.list(f"{target.gateway_id}/apis/{target.api_id}/operations", SERVICES)
    known = {
        f"{has.get('method')} {has.get('urlTemplate')}".partition("?")[0]: str(one.get("name"))
        for one in found
        for has in [properties(one)]
    }
    return replace(target, operations=known) if known else target
