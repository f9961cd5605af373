"""The key that the check calls with: from the environment, the stack's outputs, or Azure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from queries.check.configuration.manager import Manager, UnreadableError
from queries.check.configuration.versions import SERVICES
from queries.errors import CannotRunError
from queries.outputs import Target

VARIABLE = "GATEWAY_SUBSCRIPTION_KEY"
"""Environment variable that takes the place of the consumers' keys."""
ACTION = "Microsoft.ApiManagement/service/subscriptions/listSecrets/action"
"""What an identity needs to read keys.

https://learn.microsoft.com/azure/role-based-access-control/permissions/integration#microsoftapimanagement
"""


def find(target: Target, outputs: dict[str, Any], manager: Manager) -> Target:
    """The target with the first key there is.

    Raises:
        CannotRunError: there is none, or one that no header can carry.
    """
    for consumer, key in _given(target, outputs.get("subscriptionKeys")):
        if isinstance(key, str) and key not in {"", "[secret]"}:
            return _with(target, consumer, key)
    return _from_azure(target, manager)


def _given(target: Target, keys: object) -> Iterator[tuple[str, object]]:
    """By consumer; one from the environment may be any consumer's."""
    yield "", os.environ.get(VARIABLE, "").strip()
    named = keys if isinstance(keys, dict) else {}
    yield from ((consumer, named.get(consumer)) for consumer in target.consumers)


def _from_azure(target: Target, manager: Manager) -> Target:
    """https://learn.microsoft.com/rest/api/apimanagement/subscription/list-secrets."""
    reason, fix = "the stack has no active consumer", "check it with --no-traffic"
    for consumer in target.consumers:
        fix = f"give this identity {ACTION}, or set {VARIABLE}; or check with --no-traffic"
        path = f"{target.gateway_id}/subscriptions/{consumer}/listSecrets"
        try:
            key = (manager.post(path, SERVICES) or {}).get("primaryKey")
        except UnreadableError as error:
            reason = f"Azure returns none: {error}"
            break
        if isinstance(key, str) and key:
            return _with(target, consumer, key)
        reason = f"the gateway knows no subscription {consumer}"
    raise CannotRunError(f"the outputs hold no key to call with, and {reason}", fix)


def _with(target: Target, consumer: str, key: str) -> Target:
    if not re.fullmatch(r"[!-~]+", key):
        whose = f"of {consumer}" if consumer else f"in {VARIABLE}"
        raise CannotRunError(
            f"the key {whose} cannot be sent: it holds a space or an unprintable character",
            "copy it again",
        )
    return replace(target, consumer=consumer, key=SecretStr(key))
