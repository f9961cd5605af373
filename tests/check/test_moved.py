"""What Azure moves by itself is told; what a person moved beside it fails."""

from __future__ import annotations

from tests.check.arm import ACCOUNT, DEPLOYMENT
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.stack import deployment


def test_another_sku_under_the_declared_name_fails_by_itself(run: Run) -> None:
    run.azure.arm.resources[DEPLOYMENT]["sku"] = {"name": "DataZoneStandard"}

    report = run(deployments=[deployment(sku="GlobalStandard")])

    assert "SKU of the deployment text-turbo is DataZoneStandard" in of(report, "declared")[1]
    assert run(deployments=[deployment(sku="")]).verdict == "proven", "an older stack's outputs"


def test_the_kind_and_a_planned_upgrade_are_told_and_fail_nothing(run: Run) -> None:
    account = run.azure.arm.resources[ACCOUNT]
    assert "the account" not in of(run(), "declared")[1].partition("leads around the logs")[2]
    account["kind"] = "OpenAI"
    plan = {"mode": "Enabled", "scheduledAt": "2027-01-15T00:00:00Z"}
    account["properties"]["foundryAutoUpgrade"] = plan

    report = run()

    assert report.verdict == "proven"
    assert "kind OpenAI; Azure plans" in of(report, "declared")[1]
    assert "(AIServices) on 2027-01-15" in of(report, "declared")[1]
    account["properties"]["foundryAutoUpgrade"] = plan | {"mode": "Disabled"}
    assert "Azure plans" not in of(run(), "declared")[1]
    account["kind"] = "AIServices"
    said = of(run(), "declared")[1]
    assert "kind AIServices, to which it was upgraded: run pulumi refresh before" in said
