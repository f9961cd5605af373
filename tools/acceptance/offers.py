"""Choose a chat model that a subscription can deploy in a region: offered, and with quota left.

https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/models/list
https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/usages/list
"""

from __future__ import annotations

from typing import Any

from tools.acceptance.arm import VERSIONS, Arm

SKU = "GlobalStandard"
CAPACITY = 10
"""Thousands of tokens a minute: enough for the check's long texts."""
CLOSED = {"Deprecating", "Deprecated"}
"""Life cycles in which a model takes no new deployments.

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
"""


class NoModelError(Exception):
    """No chat model can be deployed; `str()` says why."""


def choose(arm: Arm, known: list[str]) -> dict[str, Any]:
    """Choose model, version, SKU and capacity of a deployment, if possible of a known model.

    Raises:
        NoModelError: the region offers no chat model, or no quota is left for any.
    """
    plan = arm.plan
    place = f"/subscriptions/{plan.subscription}/providers/Microsoft.CognitiveServices/locations/"
    models = arm.list(f"{place}{plan.location}/models", VERSIONS["account"])
    usages = arm.list(f"{place}{plan.location}/usages", VERSIONS["account"])
    return _best(models, _left(usages), known, plan.location)


def _left(usages: list[dict[str, Any]]) -> dict[str, float]:
    """Return the thousands of tokens a minute that are left, by name of the quota."""
    return {
        str((one.get("name") or {}).get("value")): one.get("limit", 0) - one.get("currentValue", 0)
        for one in usages
    }


def _best(
    models: list[dict[str, Any]], left: dict[str, float], known: list[str], location: str
) -> dict[str, Any]:
    offered = [one["model"] for one in models if one.get("kind") == "OpenAI" and _chats(one)]
    if not offered:
        text = f"{location} offers this subscription no chat model"
        raise NoModelError(f"{text}: give another --location")
    found = []
    for model in offered:
        quota = [sku.get("usageName") for sku in model.get("skus") or [] if sku["name"] == SKU]
        free = max((left.get(str(name), 0) for name in quota), default=0)
        if free >= 1:
            rank = known.index(model["name"]) if model["name"] in known else len(known)
            found.append((rank, model, min(CAPACITY, int(free))))
    if not found:
        names = ", ".join(sorted({str(model["name"]) for model in offered}))
        text = f"no quota of {SKU} is left in {location} for any of {names}"
        raise NoModelError(f"{text}: ask for quota, or give another --location")
    first = min(rank for rank, _, _ in found)
    _, model, capacity = max(
        (one for one in found if one[0] == first), key=lambda one: str(one[1]["version"])
    )
    version = str(model["version"])
    return {"model": model["name"], "version": version, "sku": SKU, "capacity": capacity}


def _chats(one: dict[str, Any]) -> bool:
    model = one.get("model") or {}
    can = str((model.get("capabilities") or {}).get("chatCompletion")).lower() == "true"
    return can and model.get("format") == "OpenAI" and model.get("lifecycleStatus") not in CLOSED
