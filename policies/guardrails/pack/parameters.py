"""Typed parameters of a policy, read from the pack's configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pulumi_policy import PolicyConfigSchema

Value = TypeVar("Value", int, str, tuple[str, ...])
Config = Mapping[str, Any]
_JSON_TYPES = {int: "integer", str: "string", tuple: "array"}


@dataclass(frozen=True)
class Parameter(Generic[Value]):
    """A key of a policy's configuration: its default, its meaning, what is allowed."""

    name: str
    default: Value
    description: str
    allowed: Mapping[str, Any] = field(default_factory=dict)
    """Further keywords of its JSON schema."""

    def read(self, config: Config) -> Value:
        """Return the value given, or the default; numbers and lists arrive as JSON has them."""
        given: Any = config.get(self.name, self.default)
        return type(self.default)(given)

    def schema(self) -> dict[str, Any]:
        """Write its JSON schema, by which the engine refuses a wrong value."""
        kind = type(self.default)
        items = {"items": {"type": "string"}} if kind is tuple else {}
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        return {
            "type": _JSON_TYPES[kind],
            "description": self.description,
            "default": default,
            **items,
            **self.allowed,
        }


def schema(parameters: Sequence[Parameter[Any]]) -> PolicyConfigSchema | None:
    """Write the configuration schema of a policy with those parameters."""
    if not parameters:
        return None
    return PolicyConfigSchema({parameter.name: parameter.schema() for parameter in parameters})
