"""Pulumi's property values as plain Python ones: structs, secrets and unknowns.

https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/deployment-execution/property-values.html

Sure: no belief.
"""

import json
from typing import Any, cast

from google.protobuf.json_format import MessageToJson
from google.protobuf.struct_pb2 import Struct

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that is known after the update only."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  marks secrets, and is none


def from_struct(struct: Struct) -> dict[str, Any]:
    """Read properties as sent, secrets still marked; whole numbers become `int`."""
    text = MessageToJson(struct, indent=None)
    whole = json.loads(text, parse_float=lambda n: int(n[:-2]) if n.endswith(".0") else float(n))
    return cast("dict[str, Any]", whole)


def to_struct(values: dict[str, Any]) -> Struct:
    """Write properties as the engine takes them."""
    struct = Struct()
    struct.update(values)
    return struct


def public(struct: Struct) -> dict[str, Any]:
    """Read properties without secret markers and without the provider's own notes."""
    values = reveal(from_struct(struct))
    return {key: value for key, value in values.items() if not key.startswith("__")}


def secret(value: Any) -> dict[str, Any]:
    """Mark a value as secret."""
    return {_SIGNATURE: _SECRET, "value": value}


def reveal(value: Any, mask: str | None = None) -> Any:
    """Return a value without secret markers; with `mask`, with that text for every secret."""
    if isinstance(value, list):
        return [reveal(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(_SIGNATURE) == _SECRET:
        return reveal(value.get("value")) if mask is None else mask
    return {key: reveal(item, mask) for key, item in value.items()}


def keep_secret(outputs: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """Mark every output whose input of the same name holds a secret."""
    hidden = {key for key, value in inputs.items() if reveal(value) != value}
    return {key: secret(value) if key in hidden else value for key, value in outputs.items()}
