"""What is too many or too large is refused, and one less is not."""

from __future__ import annotations

import copy

import pytest

from sandbox.arm.base import AZURE
from sandbox.arm.sizes import RULE_BYTES

from .conftest import PRODUCT, SERVICE, SUBSCRIPTION, Azure, refusal
from .monitored import BODIES, LOG, deploy

NAMED_VALUE = f"{SERVICE}/namedValues/one"
BODY = {
    "subscriptions": (SUBSCRIPTION, {"displayName": "One", "scope": PRODUCT}),
    "products": (PRODUCT, {"displayName": "One"}),
    "namedValues": (NAMED_VALUE, {"displayName": "one", "value": "1"}),
}


@pytest.mark.parametrize("kind", BODY)
def test_a_gateway_holds_as_many_as_its_tier_allows(
    stack: Azure, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource_id, properties = BODY[kind]
    have = sum(one.type.endswith(f"service/{kind}") for one in stack.cloud.all())
    monkeypatch.setitem(AZURE["most"][kind], "Standard", have + 1)

    def create(name: str) -> object:
        given = properties | {"displayName": name}
        return stack.put(f"{resource_id.rpartition('/')[0]}/{name}", {"properties": given})

    # A new product gets a subscription of its own, which counts as such alone.
    create("first")
    create("first")
    refused = refusal(lambda: create("second"))
    assert (refused.status, refused.code) == (400, "ValidationError")
    assert f"{kind}: the limit of {have + 1} of tier Standard" in str(refused)


def test_a_log_alert_rule_has_at_most_64_kilobytes(stack: Azure) -> None:
    monitored = deploy(stack)

    def put(more: int) -> object:
        body = copy.deepcopy(BODIES[LOG])
        body["properties"]["description"] = "x" * more
        return monitored.put(LOG, body)

    put(RULE_BYTES - 2_000)
    refused = refusal(lambda: put(RULE_BYTES))
    assert (refused.status, refused.code) == (400, "BadRequest")
    assert "64 KB" in str(refused)
