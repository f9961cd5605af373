"""Read the stack as the Pulumi engine knows it: its state, and what the program would create."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tools.adopt.arm import folded, in_azure

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands in a preview for a value that it cannot know.

https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/deployment-execution/property-values.html
"""
SECRET = "[secret]"  # noqa: S105 what a preview says of a secret
CREATING = "creating"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A resource that the program declares and the state lacks."""

    urn: str
    type: str
    inputs: Mapping[str, Any]
    depends: Mapping[str, list[str]]
    """URNs of the resources that each input depends on."""
    provider: str
    """URN of the provider, or ""."""
    parent: str
    """URN of the parent."""
    component: bool
    """Whether this is a component, which groups others and is nothing in Azure."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Planned:
        """Read a resource as the engine writes it."""
        return cls(
            urn=state["urn"],
            type=state["type"],
            inputs=state.get("inputs") or {},
            depends={
                key: urns or [] for key, urns in (state.get("propertyDependencies") or {}).items()
            },
            provider=str(state.get("provider") or "").rpartition("::")[0],
            parent=state.get("parent") or "",
            component=not state.get("custom"),
        )

    @property
    def name(self) -> str:
        """Return the program's name of the resource."""
        return self.urn.rpartition("::")[2]

    def text(self, key: str) -> str | None:
        """Return an input if it is text that the preview knows, else None."""
        value = self.inputs.get(key)
        known = isinstance(value, str) and value != SECRET and UNKNOWN not in value
        return str(value) if known else None


@dataclass(frozen=True)
class State:
    """A stack's state, as `pulumi stack export` prints it."""

    document: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Return every resource by URN, except those that wait for deletion."""
        found = self._deployment.get("resources") or []
        return {one["urn"]: one for one in found if not one.get("delete")}

    @property
    def interrupted(self) -> list[Planned]:
        """Return the creations of which the engine does not know how they ended."""
        return [Planned.from_state(one["resource"]) for one in self._operations() if _creates(one)]

    @property
    def owned(self) -> set[str]:
        """Return the ids of the stack's resources in Azure, `folded`.

        Those that wait for deletion are included. Those that the stack only reads, and those that
        the engine has deleted to create them anew, are not.
        """
        return {
            folded(one["id"])
            for one in self._deployment.get("resources") or []
            if one.get("id") and in_azure(one["type"]) and not one.get("external")
            if not one.get("pendingReplacement")
        }

    @property
    def began(self) -> datetime | None:
        """Return when the stack got its first resource; None if the state does not say."""
        found = self._deployment.get("resources") or []
        times = [moment(one["created"]) for one in found if one.get("created")]
        return min((time for time in times if time is not None), default=None)

    def gone_from(self, resource_ids: Iterable[str]) -> set[str]:
        """Return the URNs of resources with these ids, which the engine deleted to create anew."""
        ids = {folded(one) for one in resource_ids}
        return {
            urn
            for urn, one in self.resources.items()
            if one.get("pendingReplacement") and folded(str(one.get("id"))) in ids
        }

    def made_room(self, urns: Iterable[str]) -> State:
        """Return the state without the predecessors of these resources.

        A predecessor that the engine has deleted is dropped. Any other is marked, so that the next
        `pulumi up` deletes it, as after any replacement.
        """
        old = set(urns) & self.resources.keys()
        kept = []
        for one in self._deployment.get("resources") or []:
            if one["urn"] not in old or one.get("delete"):
                kept.append(_independent(one, old))
            elif not one.get("pendingReplacement"):
                kept.append({**one, "delete": True})
        return State({**self.document, "deployment": {**self._deployment, "resources": kept}})

    def without_interrupted(self, settled: Iterable[str]) -> State:
        """Return the state without the open creations of these URNs."""
        urns = set(settled)
        left = [
            one
            for one in self._operations()
            if not (_creates(one) and one["resource"]["urn"] in urns)
        ]
        return State(
            {**self.document, "deployment": {**self._deployment, "pending_operations": left}}
        )

    def _operations(self) -> list[dict[str, Any]]:
        return self._deployment.get("pending_operations") or []

    @property
    def _deployment(self) -> dict[str, Any]:
        return self.document.get("deployment") or {}


def _independent(resource: dict[str, Any], of: set[str]) -> dict[str, Any]:
    """Return a resource without what it depends on, which the next `pulumi up` states again."""
    result = dict(resource)
    for key in ("dependencies", "replaceWith"):
        if key in result:
            result[key] = [urn for urn in result[key] or [] if urn not in of]
    if result.get("deletedWith") in of:
        del result["deletedWith"]
    properties = result.get("propertyDependencies") or {}
    result["propertyDependencies"] = {
        key: [urn for urn in urns or [] if urn not in of] for key, urns in properties.items()
    }
    return result


def moment(text: object) -> datetime | None:
    """Read a time as Azure and Pulumi write it; return None if `text` is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _creates(operation: Mapping[str, Any]) -> bool:
    return operation.get("type") == CREATING


@dataclass(frozen=True)
class Plan:
    """A plan, as `pulumi preview` prints it."""

    steps: list[dict[str, Any]]
    config: Mapping[str, str]

    @property
    def created(self) -> list[Planned]:
        """Return what the program would create, for the first time or anew, in that order."""
        return [
            Planned.from_state(step["newState"])
            for step in self.steps
            if step["op"] in {"create", "replace"}
        ]

    def lost(self, urns: Iterable[str]) -> list[str]:
        """Return those of the URNs that the next `pulumi up` would delete or replace."""
        wanted = set(urns)
        return [
            step["urn"]
            for step in self.steps
            if step["urn"] in wanted and ("replace" in step["op"] or "delete" in step["op"])
        ]
