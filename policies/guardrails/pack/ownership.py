"""Whose a resource is, where it stands, who may reach it, and who may delete it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config, Parameter
from pack.resource import UNKNOWN, Resource

PLACED = (Kind.ACCOUNT, Kind.SERVICE, Kind.WORKSPACE, Kind.GROUP)
"""The kinds that have tags and a location."""

TAGS: Parameter[tuple[str, ...]] = Parameter(
    "names", (), "Names of tags that each resource has; with none, any tag will do"
)
LOCATIONS: Parameter[tuple[str, ...]] = Parameter(
    "locations", (), "Regions that are allowed, such as eastus; with none, all are"
)

STATEFUL = (Kind.GROUP, Kind.WORKSPACE, Kind.ACCOUNT, Kind.DEPLOYMENT, Kind.SERVICE)
"""A deployment holds capacity, which may be gone when it is made again."""
STACKS = Parameter("stacks", ("prod*",), "Names of stacks, * and ? allowed, that are protected")


def tags_present(resource: Resource, config: Config) -> Iterator[Finding]:
    """Say by tags who pays and who answers.

    https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-tagging
    """
    wanted, tags = TAGS.read(config), resource.get("tags")
    if tags is UNKNOWN:
        missing: tuple[str, ...] = wanted or ("any",)
    else:
        given = {name.lower() for name, value in (tags or {}).items() if value not in {None, ""}}
        missing = tuple(name for name in wanted if name.lower() not in given)
        if not missing and (given or wanted):
            return
    yield Finding(
        resource=resource,
        path="tags",
        found=tags,
        wanted=f"tags {', '.join(wanted)}" if wanted else "at least one tag",
        fix=f"add the tags {', '.join(missing)}" if wanted else "tag it with its owner",
    )


def location_allowed(resource: Resource, config: Config) -> Iterator[Finding]:
    """Keep data where it may be.

    https://learn.microsoft.com/azure/reliability/regions-list
    """
    allowed = tuple(map(_region, LOCATIONS.read(config)))
    location = resource.get("location")
    if allowed and location is not None and _region(location) not in allowed:
        yield Finding(
            resource=resource,
            path="location",
            found=location,
            wanted=f"one of {', '.join(allowed)}",
            fix="choose an allowed region; changing it replaces the resource",
        )


def no_public_network(account: Resource, _config: Config) -> Iterator[Finding]:
    """Tell of a public endpoint: whoever holds a token reaches it.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
    """
    access = account.get("properties.publicNetworkAccess")
    default = account.get("properties.networkAcls.defaultAction")
    if str(access).lower() == "disabled" or str(default).lower() == "deny":
        return
    yield Finding(
        resource=account,
        path="properties.publicNetworkAccess",
        found=UNKNOWN if UNKNOWN in (access, default) else access,
        wanted='"Disabled", or networkAcls.defaultAction "Deny"',
        fix="reach the account over a private endpoint, or name the networks that may",
    )


def protected(resource: Resource, config: Config) -> Iterator[Finding]:
    """Have the engine refuse to delete or replace what is protected.

    https://www.pulumi.com/docs/iac/concepts/resources/options/protect/
    """
    stack = resource.stack.lower()
    guarded = any(fnmatch.fnmatch(stack, name.lower()) for name in STACKS.read(config))
    if guarded and not resource.protect:
        yield Finding(
            resource=resource,
            path="protect (resource option)",
            found=False,
            wanted=f"true in stack {resource.stack}",
            fix="set the resource option protect to true",
        )


def _region(name: object) -> str:
    """Write a region as Azure's ids do: `East US` and `eastus` are one."""
    return str(name).replace(" ", "").lower()
