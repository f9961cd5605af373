"""List the configuration's keys for people: `config` of Pulumi.yaml, and rows of documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from components.settings.constraints import allowed_in, constraint_of, is_map
from components.settings.stack import Settings

PULUMI_TYPES: dict[object, str] = {
    bool: "boolean",
    int: "integer",
    str: "string",
    dict: "object",
    tuple: "array",
}
"""Types that Pulumi checks, by the type of a field.

https://www.pulumi.com/docs/iac/concepts/projects/project-file/#config-options
"""
BOUNDS = " ({bounds})"
"""Where a meaning has its constraint's bounds, for a reader who is told of no constraint."""

Row = tuple[str, ...]


def project_config() -> str:
    """Return the block `config` of Pulumi.yaml, with every key of the stack."""
    declared = {to_camel(name): _declared(field) for name, field in Settings.model_fields.items()}
    return yaml.safe_dump({"config": declared}, sort_keys=False, width=10_000, allow_unicode=True)


def keys() -> Iterator[Row]:
    """Yield key, default, what is allowed, and meaning of each key of the stack."""
    for name, field in Settings.model_fields.items():
        yield f"`{to_camel(name)}`", _shown(field), allowed_in(field), _meaning(field)


def item_keys() -> Iterator[Row]:
    """Yield the same of each key within a list or map, after the name of that list or map."""
    for name, field in Settings.model_fields.items():
        for row in _keys_within(field):
            yield f"`{to_camel(name)}`", *row


def _keys_within(field: FieldInfo, before: str = "") -> Iterator[Row]:
    for part in (field.annotation, *get_args(field.annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            for key, inner in part.model_fields.items():
                path = before + to_camel(key)
                one = f"`{path}`", _shown(inner), allowed_in(inner), _meaning(inner)
                a_list = get_origin(inner.annotation) is tuple
                yield from (not a_list and list(_keys_within(inner, f"{path}."))) or [one]


def _declared(field: FieldInfo) -> dict[str, Any]:
    kind = get_origin(field.annotation) or field.annotation
    declared: dict[str, Any] = {"type": PULUMI_TYPES[dict if is_map(field) else kind]}
    if kind is tuple:
        item = get_args(field.annotation)[0]
        declared["items"] = {"type": "string" if get_origin(item) else "object"}
    constraint = constraint_of(field)
    meaning = _sentence(field).format(bounds=constraint.bounds if constraint else "")
    return {**declared, "default": _default(field), "description": meaning}


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_defaults=True)
    return list(value) if isinstance(value, tuple) else value


def _shown(field: FieldInfo) -> str:
    """Return the default as a cell; nothing where a value must be given, or none is meant."""
    default = None if field.is_required() else _default(field)
    if default is None:
        return ""
    return f"`{default if default and isinstance(default, str) else json.dumps(default)}`"


def _meaning(field: FieldInfo) -> str:
    return _sentence(field).replace(BOUNDS, "")


def _sentence(field: FieldInfo) -> str:
    """Return the text below a field on one line, without the period at its end."""
    return " ".join((field.description or "").split()).removesuffix(".")
