"""Find the cloud and the subscription in which the stack's providers work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from components.azure.environment import ENVIRONMENTS
from queries.errors import CannotRunError
from tools.adopt.stack import UNKNOWN, Plan, State

KEY = "azure-native:subscriptionId"


def endpoint(config: Mapping[str, str]) -> str:
    """Return the address of Azure Resource Manager in the cloud that the stack names.

    Raises:
        CannotRunError: the stack names a cloud that does not exist.
    """
    name = config.get("azure-native:environment") or os.environ.get("ARM_ENVIRONMENT") or "public"
    found = ENVIRONMENTS.get(name.lower())
    if found is None:
        allowed = ", ".join(ENVIRONMENTS)
        raise CannotRunError(f"azure-native:environment = {name!r}", f"allowed: {allowed}")
    return found.management_endpoint


def subscription(provider: str, state: State, plan: Plan) -> str:
    """Return a provider's subscription: its own, the stack's, the environment's, the Azure CLI's.

    Return "" for a provider that does not exist yet, if its subscription is not known before.
    https://www.pulumi.com/registry/packages/azure-native/installation-configuration/

    Raises:
        CannotRunError: none is chosen.
    """
    made: Mapping[str, Any] = state.resources.get(provider, {}).get("inputs") or {}
    planned = next((one for one in plan.created if one.urn == provider), None)
    if not made and planned is not None:
        made = planned.inputs
    own = made.get("subscriptionId")
    if isinstance(own, str) and UNKNOWN in own:
        return ""
    places = (own, plan.config.get(KEY), os.environ.get("ARM_SUBSCRIPTION_ID"))
    found = next((one for one in places if isinstance(one, str) and one), "") or _of_the_cli()
    if not found:
        raise CannotRunError(
            "no Azure subscription is chosen",
            f"`az account set --subscription <id>`, or `pulumi config set {KEY} <id>`",
        )
    return found


def _of_the_cli() -> str:
    program = shutil.which("az")
    if program is None:
        return ""
    command = [program, "account", "show", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 an argument list, no shell
    try:
        return str(json.loads(done.stdout)["id"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return ""
