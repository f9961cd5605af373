"""Tell which properties of each resource type a program can set: from the SDK's argument classes.

The check must know that without the SDK, which takes seconds to import: `make docs` writes what
this module finds into `queries/check/drift/settable.json`.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pulumi import _types

from sandbox.engine.shapes import SHAPES, VERSION, dated

FILE = Path(__file__).resolve().parents[1] / "queries" / "check" / "drift" / "settable.json"
SDK = "pulumi_azure_native"
LOCAL = {"apimanagement:ApiDiagnostic": f"{SDK}_apimanagement_v20240601preview"}
"""Package of the types that the program takes at another API version, which has more properties."""
FREE = "*"
"""Stands for a map whose keys a program chooses, or a value of any form."""
DEEPEST = 8
"""Levels of objects that are listed; the SDK's own types nest less."""
OF_OTHERS = frozenset({"network:Subnet"})
"""Types that the program only reads: nothing of them is declared."""
SHALLOW = {
    "network:NetworkSecurityGroup": 1,
    "network:PrivateEndpoint": 1,
    "network:VirtualNetwork": 2,
}
"""Levels that are listed of a type that holds whole other resources, of which it names the id."""
_TOLD = re.compile(r"Uses Azure REST API version (\d{4}-\d\d-\d\d[\w-]*)\.")


def text() -> str:
    """Return the content of the file: API version and settable properties by type."""
    table = {token: _of_type(token) for token in sorted(SHAPES) if token not in OF_OTHERS}
    lines = ",\n".join(f" {json.dumps(token)}: {json.dumps(one)}" for token, one in table.items())
    return f"{{\n{lines}\n}}\n"


def _of_type(token: str) -> dict[str, Any]:
    module, name = token.split(":")
    package = LOCAL.get(token, SDK)
    found = importlib.import_module(f"{package}.{module}")
    arguments = getattr(found, f"{name}InitArgs", None) or getattr(found, f"{name}Args")
    properties = _tree(arguments, SHALLOW.get(token, DEEPEST))
    # Of what a program can state, the id of a resource is where it is read.
    properties.pop("id", None)
    return {"version": _version(package, getattr(found, name)), "properties": properties}


def _version(package: str, resource: type) -> str:
    """Read the API version from a local package's name, or from what the SDK's class says."""
    local = VERSION.search(package)
    told = _TOLD.search(inspect.getsource(resource))
    return dated(local[0]) if local else told[1] if told else ""


def _tree(arguments: type, depth: int) -> Any:
    """List the names of an argument class, each with those of what it holds."""
    types = _types.input_type_types(arguments)
    return {name: _below(types[name], depth) for name in sorted(types)}


def _below(kind: Any, depth: int) -> Any:
    """Follow a type through optionals, inputs, lists and unions; None for a plain value."""
    if kind is Any:
        return FREE
    if isinstance(kind, type) and _types.is_input_type(kind):
        return _tree(kind, depth - 1) if depth else FREE
    origin = get_origin(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return FREE
    below = [_below(part, depth) for part in get_args(kind)] if origin is not None else []
    trees = [one for one in below if isinstance(one, dict)]
    if trees:
        return _merged(trees)
    return FREE if FREE in below else None


def _merged(trees: list[dict[str, Any]]) -> dict[str, Any]:
    """Join the names of the classes of a union, at every level."""
    names = sorted({name for tree in trees for name in tree})
    result: dict[str, Any] = {}
    for name in names:
        found = [tree[name] for tree in trees if name in tree]
        below = [one for one in found if isinstance(one, dict)]
        result[name] = _merged(below) if below else FREE if FREE in found else None
    return result
