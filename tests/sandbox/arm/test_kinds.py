"""An account's kind moves both ways, as Microsoft's pages on the upgrade say."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import arm
from sandbox.errors import NotModelledError
from tests.sandbox.arm.conftest import ACCOUNT, Azure, refusal

Json = dict[str, Any]


def test_a_put_of_the_other_kind_upgrades_and_one_back_rolls_back(stack: Azure) -> None:
    before = arm.get(stack.cloud, ACCOUNT)

    stack.edit(ACCOUNT, lambda body: body.update(kind="AIServices"))

    upgraded = arm.get(stack.cloud, ACCOUNT)
    assert upgraded.body["kind"] == "AIServices"
    assert upgraded.properties["endpoint"] == before.properties["endpoint"]
    assert "https://oai-test.services.ai.azure.com/" in upgraded.properties["endpoints"].values()
    assert upgraded.incarnation == before.incarnation

    stack.edit(ACCOUNT, lambda body: body.update(kind="OpenAI"))
    assert arm.get(stack.cloud, ACCOUNT).body["kind"] == "OpenAI"


def test_what_the_pages_leave_open_is_not_modelled(stack: Azure) -> None:
    def managed(body: Json) -> None:
        body["properties"]["allowProjectManagement"] = True

    with pytest.raises(NotModelledError, match="allowProjectManagement"):
        stack.edit(ACCOUNT, managed)

    def nobody(body: Json) -> None:
        body.update(kind="AIServices", identity=None)

    with pytest.raises(NotModelledError, match="identity"):
        stack.edit(ACCOUNT, nobody)


def test_a_planned_upgrade_outlives_a_write_that_does_not_know_of_it(stack: Azure) -> None:
    with stack.cloud.change():
        found = arm.get(stack.cloud, ACCOUNT)
        found.properties["foundryAutoUpgrade"] = {"mode": "Enabled"}

    stack.edit(ACCOUNT, lambda body: body.update(tags={"a": "b"}))
    assert arm.get(stack.cloud, ACCOUNT).properties["foundryAutoUpgrade"]["mode"] == "Enabled"
    stack.edit(ACCOUNT, lambda body: body.update(kind="AIServices"))
    assert "foundryAutoUpgrade" not in arm.get(stack.cloud, ACCOUNT).properties


def test_a_model_that_retired_after_the_tables_day_is_taken_no_more(stack: Azure) -> None:
    deployment = next(r for r in stack.cloud.below(ACCOUNT) if "model" in r.properties)
    with stack.cloud.change():
        arm.cognitive.retire(stack.cloud, "eastus", deployment.properties["model"])

    error = refusal(lambda: stack.edit(deployment.id, lambda body: body["sku"].update(capacity=2)))

    assert error.code == "ServiceModelDeprecated"
