"""Backends that policies name, the workspace in which they do, and the one that takes a call."""

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


def named(cloud: Cloud, call: Call, name: str) -> Resource:
    """Return the backend of that name, of the workspace or else of the service.

    https://learn.microsoft.com/azure/api-management/backends
    """
    scopes = (workspace(cloud, call), call.service)
    every = [cloud.get(f"{scope.id}/backends/{name}") for scope in scopes if scope]
    found = next((one for one in every if one), None)
    if found is None:
        raise NotModelledError(f"the sandbox's gateway has no backend {name}")
    return found


def able(cloud: Cloud, call: Call, backend: Resource) -> Resource | None:
    """Return the backend that takes the call, None where open breakers leave none.

    Of a pool it is one of those with the lowest priority whose breakers are closed, by weight.
    https://learn.microsoft.com/azure/api-management/backends
    https://github.com/Azure-Samples/Apim-Samples/tree/main/samples/inference-failover (priorities)
    Sure: inferred, as the page says that a pool spreads calls, and not in which order.
    """
    if backend.properties.get("type") != "Pool":
        return None if call.breakers.is_open(backend) else backend
    services = [
        (one.get("priority") or 0, one.get("weight") or 1, member)
        for one in backend.properties["pool"]["services"]
        if not call.breakers.is_open(
            member := named(cloud, call, str(one["id"]).rsplit("/", 1)[-1])
        )
    ]
    first = min((priority for priority, _, _ in services), default=0)
    among = [(weight, member) for priority, weight, member in services if priority == first]
    if not among:
        return None
    weights, members = [weight for weight, _ in among], [member for _, member in among]
    return random.Random(call.id).choices(members, weights)[0]  # noqa: S311 - by the call
