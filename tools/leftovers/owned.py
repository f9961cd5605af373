"""What a stack created, by its states: what it has, what it let go, and what is no longer in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tools.adopt.arm import KINDS, folded, in_azure
from tools.adopt.stack import State, moment

ACCOUNT = "azure-native:cognitiveservices:Account"
GATEWAY = "azure-native:apimanagement:ApiManagementService"
WORKSPACE = "azure-native:operationalinsights:Workspace"
VAULT = "azure-native:keyvault:Vault"
ROLE = "azure-native:authorization:RoleAssignment"


@dataclass(frozen=True, kw_only=True)
class Owned:
    """A resource that the stack created, as the newest state that has it says."""

    urn: str
    type: str
    id: str
    version: str
    """API version by which the provider reads the resource; "" if the state does not say."""
    retained: bool = False
    """Whether the engine leaves the resource in Azure when it forgets it."""
    deleted_with: str = ""
    """URN of the resource whose deletion takes this one along, so that the engine only forgets."""
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return the id for comparison."""
        return folded(self.id)

    @property
    def extends(self) -> bool:
        """Tell whether this is about another resource, with which it does not go.

        https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
        """
        return self.id.count("/providers/") > 1

    @property
    def location(self) -> str:
        """Return the region by its name, as ids have it: Azure answers titles too."""
        return str(self.outputs.get("location") or "").replace(" ", "").lower()

    @property
    def principal(self) -> str:
        """Return the object id of the system-assigned identity, or ""."""
        identity = self.outputs.get("identity")
        return str(identity.get("principalId") or "") if isinstance(identity, Mapping) else ""

    @property
    def subscription(self) -> str:
        """Return the path of the subscription."""
        return "/" + "/".join(self.id.strip("/").split("/")[:2])

    @property
    def group(self) -> str:
        """Return the id of the resource group, which a group is itself."""
        return "/" + "/".join(self.id.strip("/").split("/")[:4])


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the states say, of which the first is the current one."""

    deployed: Mapping[str, Owned]
    """Resources that the stack has, by key."""
    gone: Mapping[str, Owned]
    """Resources that only an earlier state has, by key."""
    foreign: frozenset[str]
    """Keys of resources that the stack used and did not create, or that it let go."""
    scopes: frozenset[str]
    """Ids at which the stack assigned roles."""
    last: datetime | None
    """When the current state was written: what came later is not the stack's work."""

    @property
    def principals(self) -> dict[str, Owned]:
        """Return the identities of resources that only an earlier state has, by object id."""
        return {one.principal.lower(): one for one in self.gone.values() if one.principal}


def known(current: State | None, earlier: Sequence[State]) -> Known:
    """Sort what the states hold. The newest that has a resource says whose that is."""
    seen = set[str]()
    deployed, gone, foreign = dict[str, Owned](), dict[str, Owned](), set[str]()
    scopes = set[str]()
    for state in [current, *earlier] if current else earlier:
        for one in _held(state):
            key = folded(str(one["id"]))
            scope = (one.get("inputs") or {}).get("scope")
            if one["type"] == ROLE and isinstance(scope, str):
                scopes.add(scope)
            if key in seen:
                continue
            seen.add(key)
            if one.get("external"):
                foreign.add(key)
            else:
                (deployed if state is current else gone)[key] = _owned(one)
    newest = current or next(iter(earlier), None)
    return Known(
        deployed=deployed,
        gone=gone,
        foreign=frozenset(foreign),
        scopes=frozenset(scopes),
        last=_written(newest) if newest else None,
    )


def _held(state: State) -> Iterable[dict[str, Any]]:
    """Yield the resources of a state that lie in Azure."""
    held = (state.document.get("deployment") or {}).get("resources") or []
    return (one for one in held if one.get("id") and in_azure(one["type"]))


def _owned(one: Mapping[str, Any]) -> Owned:
    outputs = one.get("outputs") or {}
    kind = KINDS.get(one["type"])
    return Owned(
        urn=one["urn"],
        type=one["type"],
        id=str(one["id"]),
        version=kind.version if kind else str(outputs.get("azureApiVersion") or ""),
        retained=bool(one.get("retainOnDelete")),
        deleted_with=str(one.get("deletedWith") or ""),
        outputs=outputs,
    )


def _written(state: State) -> datetime | None:
    manifest = (state.document.get("deployment") or {}).get("manifest") or {}
    return moment(manifest.get("time"))
