"""Load the stack file as `Settings`; report all wrong values at once, before any resource."""

from __future__ import annotations

import difflib
import json
import re
import textwrap
from collections.abc import Collection, Mapping
from typing import Any, get_args, get_origin

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from components.azure import environment
from components.settings import expiry, policy_document
from components.settings.constraints import allowed_in, is_map
from components.settings.entra import consumers_by_claim
from components.settings.items import CLOUD
from components.settings.plan_branches import check_size
from components.settings.stack import PLAIN, Settings
from components.settings.warned import warnings

_JSON = {
    to_camel(name): get_origin(field.annotation)
    for name, field in Settings.model_fields.items()
    if get_origin(field.annotation) in {dict, tuple} or is_map(field)
}
"""Keys that hold a map or a list: Pulumi gives these to a program as JSON, all others as text."""
_FIRST = {
    "accounts": "[0].name",
    "deployments": "[0].name",
    "consumers": "[0].name",
    "copies": "[0].name",
    "alerts": ".<rule>.<key>",
    "alertEmails": "[0]",
    "alertWebhooks": "[0]",
}
"""Where in such a key a command sets a value."""
_IN_ITS_PLACE = re.compile('"[^"]*", because')
"""How an error begins of a value whose place another key has taken: the default alone may stand."""
SECRET = {"alertWebhooks"}
"""Keys whose values must be secret in the stack file, and are shown in no report."""


def load_settings() -> Settings:
    """Read the stack's configuration.

    Raises:
        pulumi.RunError: one or more values are wrong, or a file of the gateway's policy; the
            message names each of them.
    """
    project = pulumi.get_project()
    secret = {key for key in SECRET if runtime_config.is_config_secret(f"{project}:{key}")}
    cloud = environment.current().name
    settings = judge(_values(project), secret, cloud, pulumi.get_stack())
    for warning in warnings(settings):
        pulumi.log.warn(warning)
    return settings


def _check_policy(settings: Settings) -> None:
    several, tokens = bool(settings.accounts), bool(settings.entra_tenant)
    policy = policy_document.template(settings.policy_without, several=several, tokens=tokens)
    check_size(
        settings.limited,
        policy.template,
        api=settings.api_name,
        claims=consumers_by_claim(settings.consumers) if tokens else [],
        ways=sum(1 + len(account.deployments) for account in settings.accounts),
        further=expiry.branches(
            expiry.endings(settings.consumers), header="x-gateway-accounting", by_token=tokens
        ),
    )


def judge(values: Mapping[str, str], secret: Collection[str], cloud: str, stack: str) -> Settings:
    """Return the settings of a stack file's values, as Pulumi hands them to a program.

    `secret` names the keys whose values are secret there, `cloud` is `azure-native:environment`.

    Raises:
        pulumi.RunError: as of `load_settings`.
    """
    raw = {key: _typed(key, value) for key, value in values.items()}
    try:
        context = {PLAIN: SECRET - set(secret), CLOUD: cloud}
        settings = Settings.model_validate(raw, context=context)
        _check_policy(settings)
    except ValidationError as error:
        raise pulumi.RunError(report(error, stack)) from None
    except ValueError as error:
        raise pulumi.RunError(f"the gateway's policy: {error}. Nothing was changed.") from None
    return settings


def _values(project: str) -> dict[str, str]:
    # pulumi.Config reads single keys; only the runtime knows all, among them misspelt ones.
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
    """Describe each wrong value, with what is allowed and the command that mends it."""
    problems = error.errors(include_url=False)
    values = "value is" if len(problems) == 1 else "values are"
    head = f"{len(problems)} configuration {values} wrong in stack '{stack}'; nothing was changed."
    return "\n\n".join([head, *(_problem(details) for details in problems)])


def _problem(details: ErrorDetails) -> str:
    path = _path(details["loc"])
    if details["type"] == "extra_forbidden":
        problem = f"{path} is not a key of this project"
        allowed = _nearest(details["loc"])
    else:
        given = "is missing" if details["type"] == "missing" else f"= {_shown(details)}"
        problem = f"{path} {given}"
        allowed = _allowed(details)
    return f"  {problem}\n    allowed: {allowed}\n    fix:     {_command(path, details, allowed)}"


def _command(path: str, details: ErrorDetails, allowed: str) -> str:
    """Return the command that mends a value; a list is set item by item."""
    if details["type"] == "extra_forbidden" or _IN_ITS_PLACE.match(allowed):
        return f"pulumi config rm --path '{path}'"
    if path in _JSON:
        path += _FIRST.get(path, ".<key>")
    secret = "--secret " if details["loc"][0] in SECRET else ""
    return f"pulumi config set {secret}--path '{path}' <value>"


def _path(location: tuple[int | str, ...]) -> str:
    """Write where a value stands; a default that is refused is told by its field's name."""
    first = str(location[0])
    key = to_camel(first) if first in Settings.model_fields else first
    return "".join([key, *map(_step, location[1:])])


def _step(part: int | str) -> str:
    """Write one step of a path for `pulumi config set --path`: `[0]`, `.name`, `["gpt-5.1"]`."""
    if isinstance(part, int):
        return f"[{part}]"
    return f'["{part}"]' if "." in part else f".{part}"


def _shown(details: ErrorDetails) -> str:
    if details["loc"][0] in SECRET:
        return "(not shown)"
    return textwrap.shorten(json.dumps(details["input"], ensure_ascii=False, default=str), 120)


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model in which the last part of `location` is a key."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = model.model_fields.get(_field_name(model, str(part)))
        within = field.annotation if field else None
        inner = [one for one in (within, *get_args(within)) if isinstance(one, type)]
        model = next((one for one in inner if issubclass(one, BaseModel)), model)
    return model


def _field_name(model: type[BaseModel], key: str) -> str:
    names = {to_camel(name): name for name in model.model_fields}
    return names.get(key, key)


def _keys(location: tuple[int | str, ...]) -> list[str]:
    """Return all keys that could be the last part of `location`."""
    return [to_camel(name) for name in _model_at(location).model_fields]


def _nearest(location: tuple[int | str, ...]) -> str:
    keys = _keys(location)
    close = difflib.get_close_matches(str(location[-1]), keys, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{', '.join(keys)}{hint}"


def _allowed(details: ErrorDetails) -> str:
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    location = details["loc"]
    if details["type"] == "model_type":
        return f"a map with {', '.join(_keys((*location, '')))}"
    keys = [part for part in location if isinstance(part, str)]
    model = _model_at(location) if len(keys) > 1 else Settings
    field = model.model_fields.get(_field_name(model, keys[-1]))
    return allowed_in(field) if field else "text"
