"""APIs of API Management, made from OpenAPI documents.

https://learn.microsoft.com/rest/api/apimanagement/apis/create-or-update
https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from sandbox.arm.base import AZURE, Id, Put, refuse
from sandbox.cloud import Cloud, Resource
from sandbox.errors import ArmError, NotModelledError

REVISION = ";rev="
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def _invalid(text: str) -> ArmError:
    """An import refuses a document that it cannot read.

    Sure: inferred, as only the words `Parsing error(s)` are public.
    """
    return refuse("ValidationError", text=f"Parsing error(s): {text}")


def api(put: Put) -> None:
    """A document overrides properties given beside it: https://github.com/Azure/apiops-cli/issues/141.

    Sure: inferred, as Azure imports asynchronously and may fail after it has accepted.
    """
    properties = put.properties
    if REVISION in put.id.name:
        _revision(put)
    kind, text = properties.pop("format", None), properties.pop("value", None)
    in_path = properties.pop("translateRequiredQueryParameters", None) != "query"
    document = _read(str(kind), str(text)) if text else {}
    try:
        operations = [*_operations(put, document, in_path=in_path)]
    except (AttributeError, KeyError, TypeError) as error:
        raise _invalid(f"an operation is malformed: {error}") from error
    if len(dict(operations)) < len(operations):
        raise _invalid("operation ids are not unique.")
    urls = [str(server["url"]) for server in document.get("servers") or []]
    if urls:
        properties["serviceUrl"] = next((u for u in urls if u.startswith("https:")), urls[0])
    if document:
        properties["displayName"] = document["info"]["title"]
    if not properties.get("displayName"):
        raise refuse("ValidationError", text="displayName: 'Display Name' should not be empty.")
    _check_path(put)
    for old in put.cloud.below(put.id.text) if document else ():
        if old.type == f"{put.id.type}/operations":
            put.cloud.remove(old.id)
    for name, found in operations:
        own = f"{put.id.text}/operations/{name}"
        kind = f"{put.id.type}/operations"
        put.cloud.put(Resource(own, kind, name, {"properties": found}, put.now))


def _linked(link: Resource) -> str:
    """The name of the API that a link puts into a product, in lower case.

    Sure: no belief.
    """
    return str(link.properties.get("apiId") or link.id).lower().rpartition("/")[2]


def products(cloud: Cloud, wanted: Id) -> list[Resource]:
    """List the products that hold an API, whichever way it was put into them.

    https://learn.microsoft.com/rest/api/apimanagement/api-product/list-by-apis
    """
    parent, _, name = wanted.parent.lower().partition(REVISION)[0].rpartition("/apis/")
    kind = wanted.type.replace("/apis/products", "/products")
    links = [*cloud.of_type(f"{kind}/apiLinks"), *cloud.of_type(f"{kind}/apis")]
    within = {
        link.id.lower().rsplit("/", 2)[0]
        for link in links
        if link.id.lower().startswith(f"{parent}/products/")
        and _linked(link).partition(REVISION)[0] == name
    }
    return [one for one in cloud.of_type(kind) if one.id.lower() in within]


def revisions(cloud: Cloud, wanted: Id) -> list[dict[str, Any]]:
    """List an API's revisions: the current one, and those made beside it.

    https://learn.microsoft.com/rest/api/apimanagement/api-revision/list-by-service
    """
    base = wanted.parent.lower()
    kind = wanted.type.removesuffix("/revisions")
    found = [one for one in cloud.of_type(kind) if one.id.lower().partition(REVISION)[0] == base]
    return [
        {
            "apiId": f"/apis/{one.name}",
            "apiRevision": one.properties.get("apiRevision", "1"),
            "isCurrent": REVISION not in one.id,
            "isOnline": one.properties.get("isOnline", True),
        }
        for one in found
    ]


def _revision(put: Put) -> None:
    """A revision lies beside the current one, has its path, and begins as a copy of its source.

    https://learn.microsoft.com/azure/api-management/api-management-revisions
    https://github.com/Azure/azure-rest-api-specs/blob/main/specification/apimanagement/resource-manager/Microsoft.ApiManagement/stable/2024-05-01/examples/ApiManagementCreateApiRevisionFromExistingApi.json
    shows that the answer has properties that only the source was given.
    """
    base, _, number = put.id.text.partition(REVISION)
    current, properties = put.cloud.get(base), put.properties
    if current is None:
        raise refuse("EntityNotFound", what="API")
    copied = properties.pop("sourceApiId", None) and not put.existing
    defaults = AZURE["types"][put.id.type]["defaults"]
    for name, value in current.properties.items() if copied else ():
        if properties.get(name) in (None, defaults.get(name)):
            properties[name] = copy.deepcopy(value)
    properties |= {
        "path": current.properties["path"],
        "displayName": current.properties["displayName"],
        "apiRevision": number,
        "isCurrent": False,
    }
    properties.setdefault("serviceUrl", current.properties.get("serviceUrl"))
    properties.setdefault("isOnline", True)
    if copied:
        kept = ("/operations/", "/policies/")
        for one in put.cloud.below(base):
            if one.id[len(base) :].startswith(kept):
                own = put.id.text + one.id[len(base) :]
                put.cloud.put(Resource(own, one.type, one.name, copy.deepcopy(one.body), put.now))


def fail_import(cloud: Cloud, api_id: str) -> None:
    """Leave every second operation out, as an import that stops half way. Call inside `change()`.

    Sure: inferred, as Azure imports once it has accepted; no source says what a failure leaves.
    """
    operations = [one for one in cloud.below(api_id) if one.type.endswith("/operations")]
    for lost in sorted(operations, key=lambda one: one.id)[1::2]:
        cloud.remove(lost.id)


def _check_path(put: Put) -> None:
    """No two APIs of a service have the same path.

    https://github.com/Azure/azure-powershell/issues/11027
    """
    path = put.properties["path"] = str(put.properties.get("path") or "").strip("/")
    service, base = f"{put.id.parent}/".lower(), put.id.name.partition(REVISION)[0]
    others = [one for one in put.siblings() if one.id.lower().startswith(service)]
    for other in [one for one in others if one.name.partition(REVISION)[0] != base]:
        if str(other.properties["path"]).lower() == path.lower():
            text = f"path: Cannot create API '{put.id.name}' with the same Path '{path}' as API "
            text += f"'{other.name}' unless it's a part of the same version set"
            raise refuse("ValidationError", text=text)


def _read(kind: str, text: str) -> dict[str, Any]:
    """A document is OpenAPI 3 with a title and paths.

    https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
    """
    if kind not in ("openapi", "openapi+json"):
        raise NotModelledError(f"the sandbox imports inline OpenAPI 3 only, not {kind}")
    try:
        document = json.loads(text) if kind == "openapi+json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise _invalid(str(error).splitlines()[0]) from None
    if not isinstance(document, dict) or not str(document.get("openapi")).startswith("3."):
        raise _invalid("The input OpenAPI file is not valid for the OpenAPI specification")
    if not document.get("paths") or not (document.get("info") or {}).get("title"):
        raise _invalid("info.title and paths are required.")
    return document


def _operations(put: Put, document: Any, *, in_path: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The document's operations by name: odd seeds normalise the ids, even ones keep them.

    The page on imports says that ids get lower case and hyphens; logs in the field also show them
    as written, and a query has to bear both. Required query parameters become part of the URL
    template unless `in_path` is off.
    https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions

    Sure: inferred, as the page says that ids get lower case, and logs in the field show both.
    """
    items = document.get("paths", {}).items()
    for path, method, item in [(p, m, i) for p, i in items for m in _METHODS if i.get(m)]:
        operation = item[method]
        name = str(operation.get("operationId") or f"{method}{path}")
        if put.options.seed % 2 or "operationId" not in operation:
            name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        given = [*(item.get("parameters") or []), *(operation.get("parameters") or [])]
        found = [_resolve(document, one) for one in given]
        query = {one["name"]: bool(one.get("required")) for one in found if one["in"] == "query"}
        moved = [field for field, required in query.items() if required and in_path]
        tail = "?" + "&".join(f"{field}={{{field}}}" for field in moved)
        every = dict.fromkeys([*re.findall(r"\{([^}]+)\}", path), *moved], True)
        left = {field: query[field] for field in query if field not in moved}
        yield (
            name,
            {
                "displayName": operation.get("summary") or name,
                "method": method.upper(),
                "urlTemplate": path + tail.rstrip("?"),
                "templateParameters": _fields(every),
                "request": {"queryParameters": _fields(left)},
                "responses": [
                    {"statusCode": int(code), "representations": [], "headers": []}
                    for code in map(str, operation.get("responses") or ())
                    if code.isdigit()
                ],
            },
        )


def _fields(named: dict[str, bool]) -> list[dict[str, Any]]:
    return [{"name": name, "type": "string", "required": named[name]} for name in named]


def _resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """A reference to nothing is refused: https://github.com/Azure/azure-rest-api-specs/issues/35062."""
    target: Any = document if "$ref" in node else node
    for part in str(node.get("$ref", "")).split("/")[1:]:
        target = target.get(part) if isinstance(target, dict) else None
    if not isinstance(target, dict) or "in" not in target:
        raise _invalid(f"cannot resolve {node}")
    return target
