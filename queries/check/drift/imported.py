"""The operations of an imported API against the document that was imported.

A GET of an API does not tell the document. What API Management makes of one:
https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from queries.check.configuration.manager import Resource
from queries.check.drift import findings
from queries.check.drift.findings import Finding
from queries.check.drift.shape import Json
from queries.check.drift.state import Declared, Hidden

KIND = "apimanagement:Api"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads a document of 3,000 lines in a tenth of the time, where the package has it compiled."""
INLINE = {"openapi", "openapi+json", "swagger-json"}
"""Formats whose document stands in the declaration itself; of a link only Azure reads it."""
FIX = (
    "name a file in apiDocument that the check can read too, and no link or secret; or "
    "compare the operations by hand (portal: API Management > APIs), and accept this part"
)
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation, as callers meet it."""

    id: str
    title: str
    """Its summary; "" where the document gives none."""
    query: frozenset[str]
    required: frozenset[str]
    """Parameters of the query without which a call is refused or not matched."""
    statuses: frozenset[str]
    """Status codes of its answers, those without a number left out."""


def is_imported(declared: Declared) -> bool:
    """Tell whether an API was made of a document."""
    return declared.kind == KIND and "value" in declared.inputs


def unreadable(declared: Declared) -> str:
    """Say why the document of an API cannot be compared; "" if it can, or there is none."""
    try:
        return "" if not is_imported(declared) or documented(declared) else "without operations"
    except ValueError as error:
        return str(error)


def uncompared(declared: Declared, why: str) -> Finding:
    """Make the finding of an API whose operations are compared with nothing."""
    return findings.uncompared(f"operations of {declared.title}", f"in a document {why}", FIX)


def compared(declared: Declared, operations: list[Resource]) -> list[Finding]:
    """List what of the document is otherwise on the gateway, and what the gateway has beside it.

    Raises:
        ValueError: the document cannot be read here.
    """
    wanted, found = documented(declared), defaultdict[str, list[Operation]](list)
    for one in operations:
        found[_key(one)].append(_found(one))
    return [
        finding
        for key in dict.fromkeys([*wanted, *found])
        for first, second in _pairs(wanted.get(key, []), found.get(key, []))
        for finding in _differences(declared, key, first, second, known=key in wanted)
    ]


def _pairs(
    wanted: Sequence[Operation], found: Sequence[Operation]
) -> Iterator[tuple[Operation | None, Operation | None]]:
    """Pair operations of one method and path, by their names first: each that is left is alone."""
    left = list(found)
    named = [
        (one, next((other for other in left if _plain(other.id) == _plain(one.id)), None))
        for one in wanted
    ]
    for _, other in named:
        if other in left:
            left.remove(other)
    for one, other in named:
        yield one, other or (left.pop(0) if left else None)
    yield from ((None, other) for other in left)


def documented(declared: Declared) -> Mapping[str, Sequence[Operation]]:
    """Return the operations of the document, by method and path.

    Raises:
        ValueError: the document is not in the declaration, or cannot be read.
    """
    text, kind = declared.inputs["value"], str(declared.inputs.get("format"))
    if isinstance(text, Hidden):
        text = text.value
    if kind not in INLINE or not isinstance(text, str):
        by_link = f"that was imported as {kind}, which only Azure reads"
        raise ValueError(by_link if kind not in INLINE else "that is a secret of the state")
    return _operations(text, kind)


@lru_cache(maxsize=8)
def _operations(text: str, kind: str) -> Mapping[str, Sequence[Operation]]:
    """Read the operations of a document: it is asked for more than once in a run.

    Raises:
        ValueError: it cannot be read.
    """
    found = defaultdict[str, list[Operation]](list)
    try:
        document = json.loads(text) if "json" in kind else yaml.load(text, LOADER)  # noqa: S506
        for path, item in document["paths"].items():
            for method in _METHODS:
                if method in item:
                    key = f"{method} {path.partition('?')[0]}".lower()
                    found[key].append(_documented(document, item, item[method]))
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"that cannot be read ({type(error).__name__})") from None
    return dict(found)


def _documented(document: Json, item: Json, operation: Json) -> Operation:
    given = [*(item.get("parameters") or []), *(operation.get("parameters") or [])]
    parameters = [_resolved(document, one) for one in given]
    query = [one for one in parameters if one.get("in") == "query"]
    codes = map(str, operation.get("responses") or ())
    return Operation(
        id=str(operation.get("operationId") or ""),
        title=str(operation.get("summary") or ""),
        query=frozenset(map(_name, query)),
        required=frozenset(_name(one) for one in query if one.get("required")),
        statuses=frozenset(code for code in codes if code.isdigit()),
    )


def _found(resource: Resource) -> Operation:
    """Read an operation of the gateway; required query parameters may be part of its template."""
    body = resource["properties"]
    _, _, tail = str(body["urlTemplate"]).partition("?")
    query = (body.get("request") or {}).get("queryParameters") or []
    moved = {part.partition("=")[0].lower() for part in tail.split("&") if part}
    required = {_name(one) for one in query if one.get("required")}
    return Operation(
        id=str(resource.get("name") or resource["id"].rpartition("/")[2]),
        title=str(body.get("displayName") or ""),
        query=frozenset({*map(_name, query), *moved}),
        required=frozenset(required | moved),
        statuses=frozenset(str(one["statusCode"]) for one in body.get("responses") or []),
    )


def _key(resource: Resource) -> str:
    body = resource["properties"]
    path = str(body["urlTemplate"]).partition("?")[0]
    return f"{body['method']} {path}".lower()


def _differences(
    declared: Declared,
    key: str,
    wanted: Operation | None,
    found: Operation | None,
    *,
    known: bool,
) -> Iterator[Finding]:
    """Yield what of one operation is otherwise; `known`: the document has its method and path."""
    method, _, path = key.partition(" ")
    where = f"operation {method.upper()} {path} of {declared.title}"
    if found is None and wanted is not None:
        yield findings.gone(where, wanted.id or "in the document")
    elif wanted is None and found is not None:
        yield findings.beside(f"{found.id}, a second {where}" if known else where)
    elif wanted and found:
        for name, first, second in _parts(wanted, found):
            if first != second:
                yield findings.drifted(f"{name} of {where}", first, second)


def _parts(wanted: Operation, found: Operation) -> Iterator[tuple[str, Any, Any]]:
    """Yield each part with its declared and its deployed value.

    A name may be normalised; an answer without status codes tells nothing of them.
    """
    if wanted.id and _plain(wanted.id) != _plain(found.id):
        yield "name", wanted.id, found.id
    if wanted.title:
        yield "displayName", wanted.title, found.title
    yield "query parameters", sorted(wanted.query), sorted(found.query)
    yield "required parameters", sorted(wanted.required), sorted(found.required)
    if found.statuses and wanted.statuses:
        yield "responses", sorted(wanted.statuses), sorted(found.statuses)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _name(parameter: Json) -> str:
    return str(parameter["name"]).lower()


def _resolved(document: Json, node: Json) -> Json:
    target: Any = document if "$ref" in node else node
    for part in str(node.get("$ref", "")).split("/")[1:]:
        target = target[part]
    return dict(target)
