"""From the stack file to `Settings`: every wrong value in one report, before any resource."""

from __future__ import annotations

import difflib
import json
import textwrap
from typing import Any, get_args, get_origin

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from components.rules import Rule
from components.settings import Settings

_JSON = {
    to_camel(name): get_origin(field.annotation)
    for name, field in Settings.model_fields.items()
    if get_origin(field.annotation) in {dict, tuple}
}
"""Keys that hold a map or a list: these reach a program as JSON, all others as text."""


def load() -> Settings:
    """Read the stack's configuration.

    Raises:
        pulumi.RunError: one or more values are wrong; the message names each of them.
    """
    raw = {key: _typed(key, value) for key, value in _values(pulumi.get_project()).items()}
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise pulumi.RunError(report(error, pulumi.get_stack())) from None


def _values(project: str) -> dict[str, str]:
    # pulumi.Config reads single keys; only the runtime knows all, so that a misspelt one shows.
    everything = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    prefix = f"{project}:"
    return {
        key[len(prefix) :]: value for key, value in everything.items() if key.startswith(prefix)
    }


def _typed(key: str, text: str) -> Any:
    if key not in _JSON:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def report(error: ValidationError, stack: str) -> str:
    """Every wrong value, with what is allowed and the command that mends it."""
    problems = error.errors(include_url=False)
    values = "value is" if len(problems) == 1 else "values are"
    head = f"{len(problems)} configuration {values} wrong in stack '{stack}'; nothing was changed."
    return "\n\n".join([head, *(_problem(details) for details in problems)])


def _problem(details: ErrorDetails) -> str:
    path = _path(details["loc"])
    if details["type"] == "extra_forbidden":
        found = f"{path} is not a key of this project"
        allowed = _nearest(details["loc"])
    else:
        given = "is missing" if details["type"] == "missing" else f"= {_shown(details['input'])}"
        found = f"{path} {given}"
        allowed = _allowed(details)
    return f"  {found}\n    allowed: {allowed}\n    fix:     {_command(path, details, allowed)}"


def _command(path: str, details: ErrorDetails, allowed: str) -> str:
    """The command that mends it; a list is set item by item."""
    if details["type"] == "extra_forbidden" or allowed.startswith('"", because'):
        return f"pulumi config rm --path '{path}'"
    if _JSON.get(path) is tuple:
        path = f"{path}[0].name"
    return f"pulumi config set --path '{path}' <value>"


def _path(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")


def _shown(value: object) -> str:
    return textwrap.shorten(json.dumps(value, ensure_ascii=False, default=str), 120)


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    """The model in which the last part of `location` is a key."""
    if len(location) == 1:
        return Settings
    field = Settings.model_fields[_field_name(Settings, str(location[0]))]
    inner = get_args(field.annotation)[0]
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else Settings


def _field_name(model: type[BaseModel], key: str) -> str:
    names = {to_camel(name): name for name in model.model_fields}
    return names.get(key, key)


def _nearest(location: tuple[int | str, ...]) -> str:
    keys = [to_camel(name) for name in _model_at(location).model_fields]
    close = difflib.get_close_matches(str(location[-1]), keys, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{', '.join(keys)}{hint}"


def _allowed(details: ErrorDetails) -> str:
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    location = details["loc"]
    keys = [part for part in location if isinstance(part, str)]
    model = _model_at(location) if len(keys) > 1 else Settings
    field = model.model_fields.get(_field_name(model, keys[-1]))
    for rule in field.metadata if field else ():
        if isinstance(rule, Rule):
            return rule.allowed
    if field is not None and field.annotation is bool:
        return "true or false"
    return "text" if len(keys) > 1 else "a map of text to text"
