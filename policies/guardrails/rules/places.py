"""Whose a resource is, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rules.accounts import ACCOUNTS
from rules.finding import Finding
from rules.identities import GROUPS, SERVICES
from rules.parameters import Config, Parameter
from rules.resource import UNKNOWN, Resource
from rules.retention import WORKSPACES

PLACED = (ACCOUNTS, SERVICES, WORKSPACES, GROUPS)
"""The types that have tags and a location."""

TAGS: Parameter[tuple[str, ...]] = Parameter(
    "names", (), "Names of tags that each resource has; with none, any tag will do"
)
LOCATIONS: Parameter[tuple[str, ...]] = Parameter(
    "locations", (), "Regions that are allowed, such as eastus; with none, all are"
)


def tags_present(resource: Resource, config: Config) -> Iterator[Finding]:
    """Tags say who pays and who answers.

    https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-tagging
    """
    wanted, tags = TAGS.read(config), resource.value("tags")
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
    """Data stays where it may be.

    https://learn.microsoft.com/azure/reliability/regions-list
    """
    allowed = tuple(_region(name) for name in LOCATIONS.read(config))
    for path, location in _locations(resource):
        if allowed and (location is UNKNOWN or _region(location) not in allowed):
            yield Finding(
                resource=resource,
                path=path,
                found=location,
                wanted=f"one of {', '.join(allowed)}",
                fix="choose an allowed region; changing the first replaces the resource",
            )


def _locations(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Where a resource stands; a gateway may stand in more regions than one.

    https://learn.microsoft.com/azure/api-management/api-management-howto-deploy-multi-region
    """
    if resource.value("location") is not None:
        yield "location", resource.value("location")
    more = resource.get("additionalLocations")
    for index, entry in enumerate(more if isinstance(more, list) else [more] if more else []):
        path = resource.path(f"additionalLocations[{index}].location")
        yield path, entry if entry is UNKNOWN else entry.get("location")


def _region(name: str) -> str:
    """`East US` and `eastus` are one region."""
    return str(name).replace(" ", "").lower()
