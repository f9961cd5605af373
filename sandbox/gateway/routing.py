"""Which service, API and operation a request is for, and whether its key may use them."""

import re
from urllib.parse import parse_qsl

from sandbox.cloud import Cloud, Resource
from sandbox.gateway.call import Call, GatewayError

REVISION = ";rev="
REFUSAL = "Access denied due to {} subscription key. Make sure to {}."
MISSING = REFUSAL.format("missing", "include subscription key when making requests to an API")
INVALID = REFUSAL.format("invalid", "provide a valid key for an active subscription")
UNMATCHED = "Unable to match incoming request to an operation."


def _children(cloud: Cloud, parent: Resource, kind: str) -> list[Resource]:
    place = f"{parent.id}/{kind}".lower()
    return [r for r in cloud.below(parent.id) if r.id.lower().rpartition("/")[0] == place]


def match(cloud: Cloud, call: Call) -> Resource:
    """Find the API by the longest path, then the operation with the fewest parameters; else 404.

    Sure: inferred, as the longest path and the fewest parameters are how it is seen to choose.
    """
    operations: list[Resource] = []
    for api in sorted(_apis(cloud, call.service), key=lambda a: len(_path(a))):
        prefix = f"/{_path(api)}".rstrip("/")
        if f"{call.request.path}/".lower().startswith(f"{prefix}/".lower()):
            call.api, call.rest = api, call.request.path[len(prefix) :]
            operations = _children(cloud, api, "operations")
    for operation in sorted(operations, key=lambda o: str(o.properties["urlTemplate"]).count("{")):
        if call.api and _fits(call, operation):
            call.operation, call.url = operation, call.api.properties.get("serviceUrl") or ""
            return call.api
    raise GatewayError(404, "configuration", "OperationNotFound", UNMATCHED, "Resource not found")


def _apis(cloud: Cloud, service: Resource) -> list[Resource]:
    """The service's APIs and those of its workspaces, with the revisions that are online.

    In v2 tiers the service's own gateway serves workspaces; in others a gateway of its own does.
    https://learn.microsoft.com/azure/api-management/workspaces-overview
    """
    own = _children(cloud, service, "apis")
    for folder in _children(cloud, service, "workspaces"):
        own += _children(cloud, folder, "apis")
    return [one for one in own if one.properties.get("isOnline", True)]


def _path(api: Resource) -> str:
    """An API's path; a revision that is not current has its number behind.

    https://learn.microsoft.com/azure/api-management/api-management-revisions
    """
    _, revision, number = api.name.partition(REVISION)
    return f"{api.properties['path']}{revision}{number}"


def _fits(call: Call, operation: Resource) -> bool:
    """Whether method and template fit; query parameters count where the template names them.

    https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
    """
    path, _, query = str(operation.properties["urlTemplate"]).partition("?")
    pattern = re.sub(r"\\\{[^}]+\}", "([^/]+)", re.escape(path.rstrip("/")))
    values = re.fullmatch(pattern, call.rest.rstrip("/"), re.IGNORECASE)
    if values is None or operation.properties["method"] != call.request.method:
        return False
    call.parameters = dict(zip(re.findall(r"\{([^}]+)\}", path), values.groups(), strict=True))
    return not dict(parse_qsl(query)).keys() - dict(call.request.query)


def authorize(cloud: Cloud, call: Call, api: Resource) -> None:
    """Set the call's subscription and product from its key, or refuse it with 401.

    A key that is none is refused by an API too that asks for no key.
    https://learn.microsoft.com/azure/api-management/api-management-subscriptions
    """
    names = api.properties.get("subscriptionKeyParameterNames") or {}
    key = call.request.headers.get(names.get("header") or "Ocp-Apim-Subscription-Key")
    key = key or dict(call.request.query).get(names.get("query") or "subscription-key", "")
    for subscription in _children(cloud, call.service, "subscriptions"):
        names_of_keys = ("primary", "secondary")
        keys = tuple(cloud.subscription_key(subscription, which) for which in names_of_keys)
        if key in keys and _covers(cloud, call, api, subscription):
            call.subscription, call.key, call.keys = subscription, key, keys
    asked = api.properties.get("subscriptionRequired", True)
    if not call.subscription and (key or asked):
        reason, text = ("Invalid", INVALID) if key else ("NotFound", MISSING)
        raise GatewayError(401, "authorization", f"SubscriptionKey{reason}", text, text)


def _covers(cloud: Cloud, call: Call, api: Resource, subscription: Resource) -> bool:
    """Whether it is active, and to the service, all APIs, this API or a product that has it.

    A product is published: https://learn.microsoft.com/azure/api-management/api-management-howto-add-products
    """
    service = call.service.id.lower()
    scope = str(subscription.properties["scope"]).lower().rstrip("/").removeprefix(service)
    product = cloud.get(service + scope)
    if subscription.properties.get("state") != "active":
        return False
    if product is None or not scope.startswith("/products/"):
        return scope in ("", "/apis") or service + scope == api.id.lower().partition(REVISION)[0]
    links = [*_children(cloud, product, "apiLinks"), *_children(cloud, product, "apis")]
    names = {str(link.properties.get("apiId") or link.id).lower().split("/")[-1] for link in links}
    name = api.name.lower().partition(REVISION)[0]
    covered = product.properties.get("state") == "published" and name in names
    call.product = product if covered else None
    return covered
