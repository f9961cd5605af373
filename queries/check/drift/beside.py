"""What lies in Azure inside the stack's own resources, and is not of the stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from queries.check.configuration.base import last, properties, same_id
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager, Resource
from queries.check.configuration.versions import LOGGER
from queries.check.drift import findings, shape
from queries.check.drift.findings import Finding, Level
from queries.check.drift.state import Declared
from queries.check.gateway.model import REVISION

SERVICE, ACCOUNT = "apimanagement:ApiManagementService", "cognitiveservices:Account"
API, PRODUCT = "apimanagement:Api", "apimanagement:Product"
SETTINGS = "/providers/Microsoft.Insights/diagnosticSettings"
SETTINGS_VERSION = "2021-05-01-preview"


@dataclass(frozen=True, kw_only=True)
class Children:
    """What may lie inside a resource of a type."""

    of: str
    """Type of the resource of the stack."""
    path: Callable[[str], str]
    """Where their list is, by the resource's id."""
    title: str
    """What one of them is, for a person."""
    stray: Callable[[Inside, Resource], bool]
    """Tells what nobody declared, and Azure did not make."""
    level: Level = "unjudged"
    """Whether no proof covers it, or it is only a remark, as it takes nothing away."""
    version: str = ""
    """API version of the list; "" for that of the resource."""


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A resource of the stack, and all that the stack declares."""

    parent: Declared
    ids: frozenset[str]
    """Of every declared resource, in lower case."""
    apis: tuple[str, ...]
    """Ids of the APIs among them."""
    listed: tuple[Resource, ...] = ()
    """Everything that Azure lists there."""

    def has(self, resource_id: object) -> bool:
        """Tell whether the stack declares a resource."""
        return str(resource_id or "").rstrip("/").lower() in self.ids


def _undeclared(inside: Inside, child: Resource) -> bool:
    return not inside.has(child.get("id"))


def _other_consumer(inside: Inside, child: Resource) -> bool:
    """Tell whether the key of somebody else opens the product, an API of the stack, or all APIs.

    All APIs of a gateway that is not the stack's are its owner's matter. A new product gets one
    subscription without a name by itself, and each service one to all APIs that is called master:
    https://github.com/Azure/azure-service-operator/issues/3408
    https://learn.microsoft.com/azure/api-management/api-management-subscriptions#all-access-subscription
    """
    scope = str(properties(child).get("scope") or "")
    scope = scope.partition(REVISION)[0]
    of_product = scope_is(scope, inside.parent.id)
    if inside.has(child.get("id")) or child.get("id") == _made_with(inside):
        return False
    service = _service(inside.parent.id)
    of_all = scope_is(scope, service) or scope_is(scope, f"{service}/apis")
    whole = of_all and inside.has(service) and last(child.get("id")).lower() != "master"
    return of_product or whole or any(scope_is(scope, api) for api in inside.apis)


def _made_with(inside: Inside) -> object:
    """Return the id of the subscription that Azure made with a product: the oldest without a name.

    https://learn.microsoft.com/rest/api/apimanagement/subscription/list (`createdDate`)
    """
    unnamed = [
        one
        for one in inside.listed
        if scope_is(str(properties(one).get("scope") or ""), inside.parent.id)
        and not properties(one).get("displayName")
        and not inside.has(one.get("id"))
    ]
    oldest = min(unnamed, key=lambda one: str(properties(one).get("createdDate")), default=None)
    return oldest.get("id") if oldest else None


def scope_is(scope: str, resource_id: str) -> bool:
    """Compare a scope, which may begin at the service, with a resource of that service."""
    below = resource_id[len(_service(resource_id)) :] or "/"
    return same_id(scope, resource_id) or same_id(scope or "-", below)


def _service(resource_id: str) -> str:
    """Return the id of the service in which a resource lies."""
    start, _, rest = resource_id.partition("/service/")
    return f"{start}/service/{rest.partition('/')[0]}"


def _other_api(inside: Inside, child: Resource) -> bool:
    """Tell whether a product of the stack opens an API that the stack does not declare."""
    return not inside.has(f"{_service(inside.parent.id)}/apis/{_api_of(child)}")


def _api_of(child: Resource) -> str:
    """Name the API that a link puts into a product, or that is there by the older way."""
    return last(properties(child).get("apiId") or child.get("id")).partition(REVISION)[0]


def _other_product(inside: Inside, child: Resource) -> bool:
    """Tell whether a product that the stack does not declare opens an API of the stack.

    Each of its subscriptions does then; or anybody, if it asks for none.
    """
    return not inside.has(f"{_service(inside.parent.id)}/products/{last(child.get('id'))}")


def _other_log(inside: Inside, child: Resource) -> bool:
    """Tell whether a diagnostic of all APIs takes the stack's calls elsewhere.

    That of Azure Monitor gives way to the API's own. On a gateway that is not the stack's, one that
    takes no content is its owner's matter.
    https://learn.microsoft.com/azure/api-management/api-management-howto-app-insights
    """
    if inside.has(child.get("id")) or last(child.get("id")).lower() == LOGGER:
        return False
    sides = (properties(child).get(side) or {} for side in ("frontend", "backend"))
    messages = [side.get(message) or {} for side in sides for message in ("request", "response")]
    content = any((message.get("body") or {}).get("bytes") for message in messages)
    return content or inside.has(_service(inside.parent.id))


CHILDREN = (
    Children(of=API, path="{}/diagnostics".format, title="diagnostic", stray=_undeclared),
    Children(
        of=API,
        path=lambda api: f"{_service(api)}/diagnostics",
        title="diagnostic of all APIs",
        stray=_other_log,
    ),
    Children(
        of=API,
        path="{}/products".format,
        title="product",
        stray=_other_product,
    ),
    Children(of=PRODUCT, path="{}/apiLinks".format, title="API", stray=_other_api),
    Children(of=PRODUCT, path="{}/apis".format, title="API", stray=_other_api),
    Children(
        of=PRODUCT,
        path=lambda product: f"{_service(product)}/subscriptions",
        title="subscription",
        stray=_other_consumer,
    ),
    Children(of=ACCOUNT, path="{}/deployments".format, title="deployment", stray=_undeclared),
    *(
        Children(
            of=kind,
            path=f"{{}}{SETTINGS}".format,
            title="diagnostic setting",
            stray=_undeclared,
            level="remark",
            version=SETTINGS_VERSION,
        )
        for kind in (SERVICE, ACCOUNT)
    ),
)
"""What is looked for beside what is declared.

Ways around the logs, policies and roles are judged by the proofs `routes` and `access`. A further
diagnostic setting sends to another workspace, since Azure takes no category twice for one:
https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
"""


def strays(
    manager: Manager, there: Sequence[Declared], declared: Sequence[Declared]
) -> Iterator[tuple[str, Callable[[], list[Finding]]]]:
    """Yield, for each list of children of the stack's own resources, what finds those beside it."""
    asked = [(children, one) for children in CHILDREN for one in there if one.kind == children.of]
    lists = manager.at_once(
        partial(manager.list, children.path(one.id), children.version or _version(one))
        for children, one in asked
    )
    ids = frozenset(one.id.lower() for one in declared)
    apis = tuple(one.id for one in declared if one.kind == API)
    for (children, one), listed in zip(asked, lists, strict=True):
        kind, of, whose = children.title.partition(" of ")
        inside = Inside(parent=one, ids=ids, apis=apis)
        older = " by the older way" if children.path("").endswith("/apis") else ""
        yield (
            f"{kind}s{of}{whose} of {one.title}{older}",
            partial(_strays, children, inside, listed),
        )


def _strays(
    children: Children, inside: Inside, listed: list[Resource] | UnreadableError
) -> list[Finding]:
    """List what of a resource's children nobody declared.

    Raises:
        UnreadableError: they could not be listed.
    """
    if isinstance(listed, UnreadableError):
        raise listed
    place = replace(inside, listed=tuple(listed))
    strays = (child for child in listed if children.stray(place, child))
    return [_finding(children, inside.parent, child) for child in strays]


def _finding(children: Children, one: Declared, child: Resource) -> Finding:
    name = _api_of(child) if children.stray is _other_api else last(child.get("id"))
    title = f"{children.title} {name} of {one.title}"
    return findings.beside(title, children.level)


def _version(one: Declared) -> str:
    return one.version or shape.version(one.kind)
