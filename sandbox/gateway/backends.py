"""Backends that policies name, and the workspace in which they do."""

import random

from sandbox.cloud import Cloud, Resource
from sandbox.errors import NotModelledError
from sandbox.gateway.call import Call


def workspace(cloud: Cloud, call: Call) -> Resource | None:
    """Return the workspace in which a call's API lies.

    https://learn.microsoft.com/azure/api-management/workspaces-overview
    """
    service, _, rest = (call.api.id if call.api else "").partition("/workspaces/")
    return cloud.get(f"{service}/workspaces/{rest.split('/')[0]}") if rest else None


def url(cloud: Cloud, call: Call, name: str) -> str:
    """Return the URL of a backend: of a pool, that of one with the lowest priority, by weight.

    https://learn.microsoft.com/azure/api-management/backends
    Sure: inferred, as the page says that a pool spreads calls, and not in which order.
    """
    scopes = (workspace(cloud, call), call.service)
    every = [cloud.get(f"{scope.id}/backends/{name}") for scope in scopes if scope]
    found = next((one for one in every if one), None)
    if found is None:
        raise NotModelledError(f"the sandbox's gateway has no backend {name}")
    if found.properties.get("type") != "Pool":
        return str(found.properties["url"])
    services = found.properties["pool"]["services"]
    first = min(one.get("priority") or 0 for one in services)
    able = [one for one in services if (one.get("priority") or 0) == first]
    chosen = random.Random(call.id).choices(able, [one.get("weight") or 1 for one in able])[0]  # noqa: S311
    return url(cloud, call, str(chosen["id"]).rsplit("/", 1)[-1])
