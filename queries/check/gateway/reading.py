"""Read the gateway: every scope, API, revision, product and operation, many at a time.

https://learn.microsoft.com/rest/api/apimanagement/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from queries.check.configuration.base import last, properties
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import OTHER_SHAPE, Manager
from queries.check.configuration.versions import DIAGNOSTICS, LOGGER
from queries.check.gateway.model import (
    REVISION,
    Api,
    Gateway,
    Json,
    Operation,
    Policy,
    Product,
    Scope,
)
from queries.outputs import Target

POLICY = "/policies/policy"
DIAGNOSTIC = f"/diagnostics/{LOGGER}"
OTHER_TIER = "MethodNotAllowedInPricingTier"
"""Code with which a tier refuses lists of what it does not have, such as workspaces.

https://github.com/Azure/apiops-cli/pull/129
https://github.com/Azure/apiops/issues/686
"""
GRAPHQL = "graphql"


@dataclass(kw_only=True)
class Reader:
    """Reads below a gateway; what cannot be read is noted, and counts as empty."""

    arm: Manager
    gateway_id: str
    unread: dict[str, str] = field(default_factory=dict)

    def gets(self, paths: Iterable[str], **query: str) -> list[Json]:
        """Return the properties at each path; {} for what does not exist or cannot be read."""
        return [one[0] if one else {} for one in self._each(partial(self._get, query=query), paths)]

    def lists(self, paths: Iterable[str], *, of_tier: bool = False) -> list[list[Json]]:
        """Return what each list holds; `of_tier` says that some tiers do not have these."""
        return self._each(partial(self._list, of_tier=of_tier), paths)

    def policies(self, places: dict[str, str]) -> list[Policy | None]:
        """Return the policy at each path, by the words for its place; None where there is none."""
        found = self.gets((f"{path}{POLICY}" for path in places), format="rawxml")
        return [
            Policy(place=place, text=str(one.get("value") or "")) if one else None
            for place, one in zip(places.values(), found, strict=True)
        ]

    def _each(self, read: Callable[[str], list[Json]], paths: Iterable[str]) -> list[list[Json]]:
        """Make reads at once, and note those that fail."""
        asked = list(paths)
        results = self.arm.at_once(partial(read, path) for path in asked)
        found: list[list[Json]] = []
        for path, result in zip(asked, results, strict=True):
            if isinstance(result, UnreadableError):
                self.unread[path] = str(result)
            found.append([] if isinstance(result, UnreadableError) else result)
        return found

    def _get(self, path: str, query: dict[str, str]) -> list[Json]:
        """Return the properties as the only item; nothing if the resource does not exist."""
        found = self.arm.get(self.gateway_id + path, DIAGNOSTICS, **query)
        if found is None:
            return []
        if not properties(found):
            raise UnreadableError(OTHER_SHAPE)
        return [properties(found)]

    def _list(self, path: str, *, of_tier: bool) -> list[Json]:
        try:
            return self.arm.list(self.gateway_id + path, DIAGNOSTICS)
        except UnreadableError as error:
            if of_tier and error.code == OTHER_TIER:
                return []
            raise


def read(arm: Manager, target: Target) -> Gateway:
    """Read the gateway of a stack; what could not be read stands in `unread`."""
    reader = Reader(arm=arm, gateway_id=target.gateway_id)
    workspaces, gateways = reader.lists(["/workspaces", "/gateways"], of_tier=True)
    places = {"": ""} | {f"/workspaces/{name}": name for name in map(_name, workspaces)}
    service, *others = (_scope(reader, path, name) for path, name in places.items())
    names = [_name(one) for one in gateways]
    served = reader.lists(f"/gateways/{name}/apis" for name in names)
    return Gateway(
        service=service,
        workspaces=tuple(others),
        self_hosted={name: _bases(apis) for name, apis in zip(names, served, strict=True)},
        unread=reader.unread,
    )


def _scope(reader: Reader, path: str, workspace: str) -> Scope:
    """Read the service or a workspace."""
    place = f"the policy of the workspace {workspace}" if workspace else "the policy of all APIs"
    (policy,) = reader.policies({path: place})
    (diagnostic,) = reader.gets([path + DIAGNOSTIC])
    kinds = ("backends", "namedValues", "loggers", "policyFragments", "products", "apis")
    listed = reader.lists(f"{path}/{kind}" for kind in kinds)
    backends, values, loggers, fragments, products, apis = listed
    return Scope(
        workspace=workspace,
        policy=policy,
        backends=_by_name(backends),
        values=_by_name(values) | _by_title(values),
        loggers=_by_name(loggers),
        fragments=_fragments(reader, path, [_name(one) for one in fragments]),
        diagnostic=diagnostic or None,
        products=tuple(_products(reader, path, products)),
        apis=tuple(_apis(reader, path, apis)),
    )


def _fragments(reader: Reader, path: str, names: list[str]) -> dict[str, Policy]:
    paths = [f"{path}/policyFragments/{name}" for name in names]
    found = reader.gets(paths, format="rawxml")
    return {
        name.lower(): Policy(place=f"the fragment {name}", text=str(one.get("value") or ""))
        for name, one in zip(names, found, strict=True)
    }


def _products(reader: Reader, path: str, listed: list[Json]) -> Iterator[Product]:
    """Read the products, and the APIs of those that have a policy or ask for no key.

    An API is in a product by a link, or by the older way, which workspaces do not have; no page
    says that either list has those of the other.
    https://learn.microsoft.com/rest/api/apimanagement/product-api/list-by-product
    https://learn.microsoft.com/rest/api/apimanagement/product-api-link/list-by-product
    """
    names = [_name(one) for one in listed]
    paths = {f"{path}/products/{name}": f"the policy of the product {name}" for name in names}
    policies = reader.policies(paths)
    opened = [properties(one).get("subscriptionRequired") is False for one in listed]
    judged = [
        p for p, policy, open_ in zip(paths, policies, opened, strict=True) if policy or open_
    ]
    linked = reader.lists(f"{place}/apiLinks" for place in judged)
    held = reader.lists(f"{place}/apis" for place in judged if not path)
    links = dict(zip(judged, linked, strict=True))
    listed_there = dict(zip(judged if not path else [], held, strict=True))
    for name, place, policy, open_ in zip(names, paths, policies, opened, strict=True):
        apis = [last(properties(link).get("apiId")) for link in links.get(place, [])]
        bases = frozenset(api.partition(REVISION)[0].lower() for api in apis)
        bases |= _bases(listed_there.get(place, []))
        yield Product(name=name, policy=policy, apis=bases, open=open_)


def _apis(reader: Reader, path: str, listed: list[Json]) -> Iterator[Api]:
    """Read every API and each revision of it that takes calls.

    What a revision is compared with is read as it is, since a list may tell less.
    """
    current = {_name(one): properties(one) for one in listed if REVISION not in _name(one).lower()}
    diagnostics = reader.lists(f"{path}/apis/{name}/diagnostics" for name in current)
    of_api = dict(zip(map(str.lower, current), map(_by_name, diagnostics), strict=True))
    others = _revisions(reader, path, list(current), listed)
    bases = {name.partition(REVISION)[0].lower() for name in others}
    asked = [*(name for name in current if name.lower() in bases), *others]
    found = current | dict(zip(asked, reader.gets(f"{path}/apis/{n}" for n in asked), strict=True))
    reader.unread |= {f"{path}/apis/{name}": OTHER_SHAPE for name, has in found.items() if not has}
    places = {f"{path}/apis/{name}": f"the policy of the API {name}" for name in found}
    policies = reader.policies(places)
    operations = _operations(reader, path, found)
    for (name, has), policy in zip(found.items(), policies, strict=True):
        api = Api(name=name, properties=has, policy=policy, operations=tuple(operations[name]))
        own = of_api.get(api.base, {})
        further = tuple((key, one) for key, one in own.items() if key != LOGGER)
        yield replace(api, diagnostic=own.get(LOGGER), others=further)


def _revisions(reader: Reader, path: str, apis: list[str], listed: list[Json]) -> list[str]:
    """Name the revisions beside the current ones that take calls.

    One that only the list of APIs shows counts too.
    https://learn.microsoft.com/azure/api-management/api-management-revisions
    """
    revisions = reader.lists(f"{path}/apis/{name}/revisions" for name in apis)
    known = {
        f"{api}{REVISION}{one.get('apiRevision')}": bool(one.get("isOnline", True))
        for api, found in zip(apis, revisions, strict=True)
        for one in found
        if not one.get("isCurrent")
    }
    seen = {name.lower() for name in known}
    known |= {
        n: True for n in map(_name, listed) if REVISION in n.lower() and n.lower() not in seen
    }
    return [name for name, online in known.items() if online]


def _operations(reader: Reader, path: str, apis: dict[str, Json]) -> dict[str, list[Operation]]:
    """Read the operations of APIs, or the resolvers of those that are GraphQL."""
    kinds = ["resolvers" if has.get("type") == GRAPHQL else "operations" for has in apis.values()]
    within = [f"{path}/apis/{api}/{kind}" for api, kind in zip(apis, kinds, strict=True)]
    places = {
        f"{place}/{_name(one)}": (api, properties(one))
        for api, place, items in zip(apis, within, reader.lists(within), strict=True)
        for one in items
    }
    policies = reader.policies(
        {
            place: f"the policy of the operation {last(place)} of the API {api}"
            for place, (api, _) in places.items()
        }
    )
    sorted_: dict[str, list[Operation]] = {api: [] for api in apis}
    for (place, (api, has)), policy in zip(places.items(), policies, strict=True):
        sorted_[api].append(Operation(name=last(place), policy=policy, properties=has))
    return sorted_


def _name(item: Json) -> str:
    return str(item.get("name") or last(item.get("id")))


def _by_name(items: list[Json]) -> dict[str, Json]:
    return {_name(one).lower(): properties(one) for one in items}


def _by_title(items: list[Json]) -> dict[str, Json]:
    """Sort named values by what policies call them.

    https://learn.microsoft.com/azure/api-management/api-management-howto-properties
    """
    return {str(properties(one).get("displayName")).lower(): properties(one) for one in items}


def _bases(apis: list[Json]) -> frozenset[str]:
    return frozenset(_name(one).partition(REVISION)[0].lower() for one in apis)
