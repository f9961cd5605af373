"""How many resources of a kind fit into one gateway, and how large an alert rule may be."""

from typing import Any

from sandbox.arm.base import AZURE, SERVICE, Put, refuse

RULE_BYTES = 64 * 1024


def check_number(put: Put) -> None:
    """A gateway has as many subscriptions, products and named values as its tier allows.

    https://learn.microsoft.com/azure/api-management/service-limits
    Sure: inferred, as the page has the numbers, and not the words of the refusal.
    """
    kind = put.id.type.removeprefix(f"{SERVICE}/")
    root = put.id.text[: put.id.text.lower().rindex(f"/{kind}/".lower())]
    service = put.cloud.get(root)
    if put.existing or service is None or kind not in AZURE["most"]:
        return
    tier = str(service.body["sku"]["name"])
    most = AZURE["most"][kind].get(tier)
    inside = f"{root}/{kind}/".lower()
    have = sum(one.id.lower().startswith(inside) for one in put.cloud.of_type(put.id.type))
    if most is not None and have >= most:
        text = f"{kind}: the limit of {most} of tier {tier} is reached"
        raise refuse("ValidationError", text=text)


def check_rule(properties: dict[str, Any]) -> None:
    """All properties of a log alert rule together have at most 64 KB.

    https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#alerts
    Sure: inferred, as the page has the number, and not the words of the refusal.
    """
    size = sum(len(text.encode()) for text in _texts(properties))
    if size > RULE_BYTES:
        text = f"The alert rule's properties have {size} bytes, which exceeds the limit of 64 KB."
        raise refuse("BadRequest", text=text)


def _texts(value: Any) -> list[str]:
    """Every name and value inside, as text.

    Sure: no belief.
    """
    if isinstance(value, dict):
        return [*map(str, value), *(text for one in value.values() for text in _texts(one))]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [str(value)]
