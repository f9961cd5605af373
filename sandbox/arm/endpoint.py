"""The endpoint of Azure Resource Manager, https://management.azure.com, and keys by POST.

https://learn.microsoft.com/rest/api/resources/resources/get-by-id
"""

import json
import re
from typing import Any
from urllib.parse import unquote

from sandbox import arm, rbac
from sandbox.arm import apis, availability, gateway, key_vault, roles, subscription, tables
from sandbox.arm.answers import answered, shown_id
from sandbox.arm.base import WORKSPACE, Id, has_no_parent, parse, refuse
from sandbox.arm.cognitive import has_auto_upgrade
from sandbox.arm.gateway import has_llm
from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTIONS, Cloud, Resource
from sandbox.errors import NotModelledError
from sandbox.http import Endpoint, Request, Response
from sandbox.identity import authenticate
from sandbox.options import Options

ACTIONS = tuple(f"/{name}" for name in arm.ACTIONS)
"""Where a POST shows or regenerates the keys of a subscription: see `arm.post`."""
METHODS = ("GET", "PUT", "DELETE")
AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")


def arm_endpoint(cloud: Cloud, options: Options | None = None) -> Endpoint:
    """A GET returns a resource, or the children of one type, or facts of a subscription.

    Only the deployer may ask. Raises ArmError for what Azure refuses, NotModelledError for unknown
    types and filters.
    https://learn.microsoft.com/rest/api/resources/resources/get-by-id
    """
    given = options or Options(folder=cloud.folder)

    def endpoint(request: Request) -> Response:
        who = authenticate(cloud, request.headers.get("Authorization"), *AUDIENCES)
        path, query = unquote(request.path).rstrip("/"), dict(request.query)
        if isinstance(who, str):
            raise refuse(who)
        action = path.rpartition("/")[2] if path.endswith(ACTIONS) else ""
        secrets = request.method == "POST" and bool(action)
        asks = availability.asks(request, path)
        if request.method not in METHODS and not secrets and not asks:
            raise refuse("MethodNotAllowed", method=request.method)
        if not query.get("api-version"):
            raise refuse("MissingApiVersionParameter")
        if who.object_id == DEPLOYER_OBJECT_ID and (
            told := availability.answer(cloud, request, path)
            or subscription.answer(cloud, request.method, path, query.get("$expand", ""))
            or tables.answer(cloud, request.method, path)
        ):
            return told
        path = path.removesuffix(f"/{action}") if secrets else path
        many = path.lower().rpartition("/providers/")[2].count("/") % 2
        wanted = parse(f"{path}/*" if many else path)
        if who.object_id != DEPLOYER_OBJECT_ID:
            raise refuse("AuthorizationFailed", who=who.object_id, type=wanted.type, scope=path)
        if not path.lower().startswith(tuple(f"/subscriptions/{one}/" for one in SUBSCRIPTIONS)):
            raise refuse("SubscriptionNotFound", id="".join(path.split("/")[2:3]))
        if secrets:
            shown = arm.post(cloud, path, action, {})
            return Response.json(200, shown) if shown else Response(204)
        if request.method != "GET":
            return _written(cloud, given, request, wanted)
        arm.exists(cloud, wanted.text, query["api-version"])
        found = _listed(cloud, wanted, query) if many else _shown(_one(cloud, wanted), query)
        return Response.json(200, {"value": found} if many else found)

    return endpoint


def _listed(cloud: Cloud, wanted: Id, query: dict[str, str]) -> list[dict[str, Any]]:
    """A list of a service shows what its tier has; revisions are no resources of their own.

    Nor are the products of an API.
    https://learn.microsoft.com/rest/api/apimanagement/api-revision/list-by-service
    https://learn.microsoft.com/rest/api/apimanagement/api-product/list-by-apis
    """
    gateway.check_has(cloud, wanted)
    if wanted.type.endswith("/apis/revisions"):
        return apis.revisions(cloud, wanted)
    if wanted.type.endswith("/apis/products"):
        return [_shown(one, query) for one in apis.products(cloud, wanted)]
    return [_shown(one, query) for one in _children(cloud, wanted, query.get("$filter"))]


def _one(cloud: Cloud, wanted: Id) -> Resource:
    """A role's definition is there at every scope; any other resource where it lies.

    Sure: no belief.
    """
    if wanted.type == rbac.DEFINITION:
        if not has_no_parent(wanted):
            arm.get(cloud, wanted.parent)
        found = roles.get_definition(cloud, wanted)
        if found is None:
            raise refuse("RoleDefinitionDoesNotExist", role=wanted.name.replace("-", ""))
        return found
    return arm.get(cloud, wanted.text)


def _written(cloud: Cloud, options: Options, request: Request, wanted: Id) -> Response:
    """A PUT or DELETE that another client than the provider sends acts at once.

    https://learn.microsoft.com/rest/api/resources/resources/create-or-update-by-id
    https://learn.microsoft.com/rest/api/loganalytics/workspaces/delete (force)
    A product goes with its subscriptions where the DELETE says so:
    https://learn.microsoft.com/rest/api/apimanagement/product/delete
    """
    query, there = dict(request.query), cloud.get(wanted.text)
    if request.method == "PUT":
        try:
            body = dict(json.loads(request.body or b"{}"))
        except (TypeError, ValueError) as error:
            raise refuse("InvalidRequestContent", text=error) from error
        made = arm.put(cloud, options, wanted.text, query["api-version"], body)
        return Response.json(200 if there else 201, _shown(made, query))
    if gone := subscription.missing_group(cloud, wanted.text, wanted.type):
        raise gone
    if query.get("deleteSubscriptions", "").lower() == "true":
        gateway.unsubscribe(cloud, wanted)
    arm.delete(cloud, wanted.text)
    if there and wanted.type == WORKSPACE and query.get("force", "").lower() == "true":
        with cloud.change():
            cloud.purge(wanted.text)
    return Response(200 if there else 204)


def _children(cloud: Cloud, wanted: Id, chosen: str | None) -> list[Resource]:
    """A list has a type's resources below a parent; of role assignments also those above it.

    With the filter `atScope()` it has only those at the parent and above.

    https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
    """
    if not has_no_parent(wanted):
        arm.get(cloud, wanted.parent)
    if wanted.type == rbac.DEFINITION:
        raise NotModelledError("the sandbox lists no roles: it knows a few of those that Azure has")
    grants = wanted.type == "Microsoft.Authorization/roleAssignments"
    if chosen and not (grants and re.fullmatch(r"(?i)atScope\(\)", chosen)):
        raise NotModelledError(f"the sandbox does not model the filter {chosen} of {wanted.type}")
    here = f"{wanted.parent}/".lower()
    places = [(f"{parse(one.id).parent}/".lower(), one) for one in cloud.of_type(wanted.type)]
    above = [
        one for at, one in places if at == here or (grants and rbac.covers(at.rstrip("/"), here))
    ]
    return above + [one for at, one in places if at.startswith(here) and at != here and not chosen]


def _shown(found: Resource, query: dict[str, str]) -> dict[str, Any]:
    """A GET shows the properties that its API version knows.

    The value of a secret named value is never among them:
    https://learn.microsoft.com/rest/api/apimanagement/named-value/list-value
    A workbook's content is there on demand only:
    https://learn.microsoft.com/rest/api/application-insights/workbooks/get
    """
    told = answered(found, query.get("format", "xml"))
    kept = dict(told.properties)
    if not has_llm(query["api-version"]):
        kept.pop("largeLanguageModel", None)
    if not has_auto_upgrade(query["api-version"]):
        kept.pop("foundryAutoUpgrade", None)
    if query.get("canFetchContent", "").lower() != "true":
        kept.pop("serializedData", None)
    if kept.get("secret"):
        kept.pop("value", None)
    kept.pop(key_vault.DIGEST, None)
    named = {"id": shown_id(found), "name": found.name, "type": found.type}
    return named | told.body | {"properties": kept}
