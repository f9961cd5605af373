"""Which other API takes calls away from the stack's own: of several paths the longest wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queries.check.difference import Difference
from queries.check.gateway.logged import IN_PORTAL
from queries.check.gateway.model import REVISION, Api, Gateway
from queries.outputs import Target

ANY = "*"
"""What stands in a template for all that follows.

https://learn.microsoft.com/azure/api-management/add-api-manually#add-and-test-a-wildcard-operation
"""


def taken(gateway: Gateway, target: Target) -> Iterator[Difference | str]:
    """Yield each API whose path lies where callers look for an operation of the stack's own.

    A workspace may have a gateway, and so a host, of its own.
    https://learn.microsoft.com/azure/api-management/workspaces-overview
    """
    searched = _operations(gateway, target)
    for scope in gateway.scopes:
        for api in scope.apis:
            if REVISION in api.name or (not scope.workspace and _is_own(api, target)):
                continue
            path, *others = _paths(api)
            takes = {_takes(one, target.api_path, searched) for one in (path, *others)}
            if takes == {True} and not scope.workspace:
                yield Difference(
                    path=f"API that takes calls to /{path}",
                    declared=target.api_id,
                    deployed=api.name,
                    fix=f"{IN_PORTAL} > {api.name}: give it another path, or delete it",
                )
            elif True in takes:
                of = f" of the workspace {scope.workspace}" if scope.workspace else ""
                yield f"whether calls to /{path} reach the API {api.name}{of}"


def _operations(gateway: Gateway, target: Target) -> list[list[str]]:
    """Return the paths of the stack's operations, declared and deployed; any, if none is known."""
    templates = {operation.partition(" ")[2] for operation in target.operations}
    for api in filter(lambda one: _is_own(one, target), gateway.service.apis):
        templates |= {str(one.properties.get("urlTemplate") or ANY) for one in api.operations}
    return [_segments(one) for one in templates or {ANY}]


def _is_own(api: Api, target: Target) -> bool:
    return api.name.lower() == target.api_id.lower()


def _paths(api: Api) -> list[str]:
    """Return where an API may be called; a version may stand behind its path, or elsewhere.

    https://learn.microsoft.com/azure/api-management/api-management-versions#versioning-schemes
    """
    path = str(api.properties.get("path") or "").strip("/")
    version = str(api.properties.get("apiVersion") or "").strip("/")
    return [path, f"{path}/{version}"] if version else [path]


def _takes(path: str, own: str, templates: Sequence[list[str]]) -> bool:
    """Tell whether a path begins an operation's own, whatever its parameters are."""
    given, ours = _segments(path), _segments(own)
    return given[: len(ours)] == ours and any(
        _begins(given[len(ours) :], template) for template in templates
    )


def _begins(given: list[str], template: list[str]) -> bool:
    """Compare segments: one in braces is anything, and so is whatever follows a star."""
    for place, segment in enumerate(given):
        if place >= len(template):
            return False
        if ANY in template[place]:
            return True
        if "{" not in template[place] and template[place] != segment:
            return False
    return True


def _segments(path: str) -> list[str]:
    return [one for one in path.partition("?")[0].lower().split("/") if one]
