"""The shape of each Pulumi resource type in Azure Resource Manager: its id, body and outputs.

`shapes.json` is by Pulumi type. Types, names, api-versions and outputs:
https://www.pulumi.com/registry/packages/azure-native/api-docs/

Sure: documented.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox.cloud import SUBSCRIPTION_ID, Resource
from sandbox.engine.values import UNKNOWN
from sandbox.errors import NotModelledError

ENVELOPE = ("location", "tags", "sku", "identity", "kind", "zones", "managedBy", "plan")
"""Keys beside `properties` in an ARM body.

https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/resource-api-reference.md
"""
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{{resourceGroupName}}"
SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/{{serviceName}}"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
NATIVE = "azure-native:"
VERSION = re.compile(r"v(\d{4})(\d\d)(\d\d)(preview|privatepreview)?")
LOCAL = re.compile(r"azure-native_(?P<module>\w+?)_(?P<version>v\d{8}\w*):(?P=module):")
"""How a type of a local package begins: one module of azure-native at one API version.

https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider_parameterize.go
"""
NAMESPACES = {"apimanagement": "Microsoft.ApiManagement"}
"""Azure's name of each module that local packages are modelled of."""
MANY_SEGMENTS = ("scope", "resourceUri", "parentResourcePath")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One resource type: inputs named in `path` make the id, the others the body.

    `computed`: outputs that only Azure knows, a dot leads into an object. `fixed`: inputs outside
    the id whose change replaces. `write_only`: inputs that a GET does not return. `query`: inputs
    sent beside the body. `nested`: `properties` is one input; else its keys are inputs themselves.
    `within`: lists of items that have `properties` of their own in the body, which the provider
    lifts, each with what lies beside them.
    `renamed`: names in the SDK and in the body where they differ (`x-ms-client-name`).
    `long_running`: methods that Azure may accept and fail later, marked by the API specifications
    with `x-ms-long-running-operation`; the others end with their answer.
    https://github.com/Azure/azure-rest-api-specs/tree/main/specification
    https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
    """

    path: str
    api_version: str
    computed: tuple[str, ...] = ()
    envelope: tuple[str, ...] = ENVELOPE
    fixed: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    long_running: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    within: dict[str, list[str]] = field(default_factory=dict)
    nested: bool = False
    located: bool = False
    uuid_name: bool = False

    @property
    def keys(self) -> list[str]:
        """Inputs that make the id, the name last."""
        return re.findall(r"{(\w+)}", self.path)

    def id(self, inputs: dict[str, Any], subscription_id: str = SUBSCRIPTION_ID) -> str:
        """The ARM id in the provider's subscription, or unknown if a part of it is."""
        parts = {key: str(inputs.get(key, "")).strip("/") for key in self.keys}
        unknown = UNKNOWN in parts.values()
        path = self.path.replace(SUBSCRIPTION_ID, subscription_id, 1)
        return UNKNOWN if unknown else re.sub("/+", "/", "/" + path.format(**parts))

    def id_parts(self, resource_id: str) -> dict[str, str]:
        """The inputs that an id was made of."""
        pattern = self.path.replace("{", "(?P<").replace("}", ">[^/]+)")
        pattern = pattern.replace(SUBSCRIPTION_ID, "[^/]+", 1)
        for key in MANY_SEGMENTS:
            pattern = pattern.replace(f"<{key}>[^/]+", f"<{key}>.*")
        found = re.fullmatch(pattern, resource_id, re.IGNORECASE)
        if found is None:
            raise ValueError(f"{resource_id!r} is not of the form {self.path}")
        return found.groupdict()

    def body(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The JSON of a PUT."""
        hidden = (*self.keys, *self.query)
        given = {k: v for k, v in inputs.items() if k not in hidden and not k.startswith("__")}
        body = {key: given.pop(key) for key in self.envelope if key in given}
        given = _renamed(given, self.renamed)
        given = _each(given, self.within, _sunk)
        return {**body, **given} if self.nested else {**body, "properties": given}

    def outputs(self, resource: Resource) -> dict[str, Any]:
        """What the provider makes of a GET's answer."""
        body = dict(resource.body)
        back = {name: key for key, name in self.renamed.items()}
        flat = {} if self.nested else _renamed(body.pop("properties", {}), back)
        flat = _each(flat, self.within, _lifted)
        named = {"name": resource.name, "type": resource.type, "azureApiVersion": self.api_version}
        values = {**body, **flat, **named}
        return {key: value for key, value in values.items() if key not in self.write_only}

    def foreseen(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Outputs as far as a preview knows them."""
        hidden = {*self.keys, *self.write_only, *self.query}
        values = {key: value for key, value in inputs.items() if key not in hidden}
        for path in self.computed:
            outer, _, inner = path.partition(".")
            if not inner:
                values[outer] = UNKNOWN
            elif isinstance(values.get(outer), dict):
                values[outer] = {inner: UNKNOWN, **values[outer]}
        name = inputs.get(self.keys[-1], UNKNOWN)
        return {**values, "name": name, "type": UNKNOWN, "azureApiVersion": self.api_version}

    def as_inputs(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Those of the outputs that are inputs too."""
        hidden = {"name", "type", "azureApiVersion", *self.computed}
        inner = {path.partition(".")[2] for path in self.computed} - {""}
        return {
            key: {k: v for k, v in value.items() if f"{key}.{k}" not in hidden}
            if inner and isinstance(value, dict)
            else value
            for key, value in outputs.items()
            if key not in hidden
        }


Within = dict[str, list[str]]


def _each(
    values: dict[str, Any],
    within: Within,
    change: Callable[[dict[str, Any], list[str], Within], dict[str, Any]],
) -> dict[str, Any]:
    """Change each item of the lists that have properties of their own."""
    changed = {
        key: [change(one, beside, within) for one in values[key]]
        for key, beside in within.items()
        if values.get(key)
    }
    return {**values, **changed}


def _sunk(item: dict[str, Any], beside: list[str], within: Within) -> dict[str, Any]:
    """Put what does not lie beside an item's properties among them."""
    outer = {key: value for key, value in item.items() if key in beside}
    inner = {key: value for key, value in item.items() if key not in beside}
    return {**outer, "properties": _each(inner, within, _sunk)}


def _lifted(item: dict[str, Any], _: list[str], within: Within) -> dict[str, Any]:
    """Lift an item's properties beside it."""
    inner = _each(item.get("properties", {}), within, _lifted)
    return {**inner, **{key: value for key, value in item.items() if key != "properties"}}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Give keys their other names, at any depth."""
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if not isinstance(value, dict) or not names:
        return value
    return {names.get(key, key): _renamed(one, names) for key, one in value.items()}


_TEXT = Path(__file__).with_name("shapes.json").read_text()
_PLACES = {"{service}": SERVICE, "{network}": NETWORK, "{group}": GROUP}
for _name, _path in _PLACES.items():
    _TEXT = _TEXT.replace(_name, _path)
_TABLE = json.loads(_TEXT)
SHAPES = {token: Shape(**fields) for token, fields in _TABLE.items()}
"""Shapes by Pulumi type without its package."""


def shape_of(token: str) -> Shape:
    """Return the shape of a Pulumi type such as `azure-native:apimanagement:Api`.

    Raises:
        NotModelledError: the sandbox has no such type.
    """
    local = LOCAL.match(token)
    name = f"{local['module']}:{token[local.end() :]}" if local else token.removeprefix(NATIVE)
    shape = SHAPES.get(name)
    if shape is None:
        raise NotModelledError(f"the sandbox does not model {token}")
    return replace(shape, api_version=dated(local["version"])) if local else shape


def long_running(token: str, method: str) -> bool:
    """Whether Azure may accept a request for a type, and fail it later; no for unknown types."""
    try:
        return method in shape_of(token).long_running
    except NotModelledError:
        return False


def dated(version: str) -> str:
    """The API version that a package's name holds: `v20240601preview` is 2024-06-01-preview."""
    year, month, day, stage = VERSION.fullmatch(version).groups()  # type: ignore[union-attr]
    return "-".join(filter(None, (year, month, day, stage)))
