"""What was read of the gateway: its scopes, APIs, products and operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from policies.gateway.reader import Element, parse

Json = dict[str, Any]
REVISION = ";rev="
"""What stands between an API's name and the number of a revision that is not current.

https://learn.microsoft.com/azure/api-management/api-management-revisions
"""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy document and where it stands, as a person would look it up."""

    place: str
    text: str

    @cached_property
    def document(self) -> Element | None:
        """Return the document; None where its tags do not match."""
        return parse(self.text)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation that has a policy of its own, or None in its place."""

    name: str
    policy: Policy | None = None
    properties: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product, and the names of the APIs that it holds in lower case."""

    name: str
    policy: Policy | None = None
    apis: frozenset[str] = frozenset()
    """None, where the product has no policy and asks for a key: then it changes nothing."""
    open: bool = False
    """Whether it lets callers in without a key."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """One revision of an API that calls can reach."""

    name: str
    """With the revision's number, unless it is the current one."""
    properties: Json
    policy: Policy | None = None
    operations: tuple[Operation, ...] = ()
    diagnostic: Json | None = None
    """The properties of its own diagnostic for Azure Monitor."""
    others: tuple[tuple[str, Json], ...] = ()
    """Names and properties of its further diagnostics."""

    @property
    def base(self) -> str:
        """Return the API's name without a revision, in lower case."""
        return self.name.partition(REVISION)[0].lower()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The service itself, or one of its workspaces: what its policies can name."""

    workspace: str = ""
    """Name of the workspace; "" for the service."""
    policy: Policy | None = None
    backends: dict[str, Json] = field(default_factory=dict)
    """Properties by name in lower case, as of the two below."""
    values: dict[str, Json] = field(default_factory=dict)
    """Named values by what policies call them."""
    loggers: dict[str, Json] = field(default_factory=dict)
    fragments: dict[str, Policy] = field(default_factory=dict)
    diagnostic: Json | None = None
    products: tuple[Product, ...] = ()
    apis: tuple[Api, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The whole gateway, as far as it could be read."""

    service: Scope
    workspaces: tuple[Scope, ...] = ()
    self_hosted: dict[str, frozenset[str]] = field(default_factory=dict)
    """Names of the APIs in lower case, by the self-hosted gateway that serves them."""
    unread: dict[str, str] = field(default_factory=dict)
    """Why what could not be read could not, by its path below the gateway."""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Return the service and its workspaces."""
        return (self.service, *self.workspaces)
