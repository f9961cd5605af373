"""APIs of API Management, made from OpenAPI documents.

https://learn.microsoft.com/rest/api/apimanagement/apis/create-or-update
https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from sandbox.arm.base import SERVICE, Put, refuse
from sandbox.cloud import Cloud, Resource
from sandbox.errors import ArmError, NotModelledError

_OPERATION = f"{SERVICE}/apis/operations"
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
        if old.type == _OPERATION:
            put.cloud.remove(old.id)
    for name, found in operations:
        own = f"{put.id.text}/operations/{name}"
        put.cloud.put(Resource(own, _OPERATION, name, {"properties": found}, put.now))


def fail_import(cloud: Cloud, api_id: str) -> None:
    """Leave every second operation out, as an import that stops half way. Call inside `change()`.

    Sure: inferred, as Azure imports once it has accepted; no source says what a failure leaves.
    """
    operations = [one for one in cloud.below(api_id) if one.type == _OPERATION]
    for lost in sorted(operations, key=lambda one: one.id)[1::2]:
        cloud.remove(lost.id)


def _check_path(put: Put) -> None:
    """No two APIs of a service have the same path.

    https://github.com/Azure/azure-powershell/issues/11027
    """
    path = put.properties["path"] = str(put.properties.get("path") or "").strip("/")
    service = f"{put.id.parent}/".lower()
    for other in [one for one in put.siblings() if one.id.lower().startswith(service)]:
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
