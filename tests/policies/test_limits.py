from __future__ import annotations

from typing import Any

import pytest
from rules import models, places, protection, retention, subscriptions
from rules.resource import UNKNOWN, Resource

from tests.policies.harness import passes, resource, stack, unknown, wrong


def deployment(name: Any = "gpt-5.1", version: Any = "2025-11-13", capacity: Any = 10) -> Resource:
    model = {"name": name, "version": version}
    props = {"properties": {"model": model}, "sku": {"capacity": capacity}}
    return resource("cognitiveservices:Deployment", props)


def workspace(**props: Any) -> Resource:
    return resource("operationalinsights:Workspace", props)


@pytest.mark.parametrize("token", ["apimanagement:Api", "apimanagement:Product"])
def test_subscription_required(token: str) -> None:
    assert passes(subscriptions.required, resource(token, {"subscriptionRequired": True}))
    assert "false" in wrong(
        subscriptions.required, resource(token, {"subscriptionRequired": False})
    )
    assert unknown(subscriptions.required, resource(token, {"subscriptionRequired": UNKNOWN}))


def test_only_an_api_must_say_that_it_needs_a_subscription() -> None:
    assert "not set" in wrong(subscriptions.required, resource("apimanagement:Api"))
    assert passes(subscriptions.required, resource("apimanagement:Product"))


def test_retention() -> None:
    rule = retention.within_bounds
    assert passes(rule, workspace(retentionInDays=30))
    assert "30 to 730 days" in wrong(rule, workspace(retentionInDays=7))
    assert "not set" in wrong(rule, workspace())
    assert "90 to 365" in wrong(
        rule, workspace(retentionInDays=30), minimumDays=90.0, maximumDays=365.0
    )
    assert unknown(rule, workspace(retentionInDays=UNKNOWN))
    token = "operationalinsights:Table"
    assert passes(rule, resource(token, {"retentionInDays": -1}))
    assert "4" in wrong(rule, resource(token, {"retentionInDays": 4}))


def test_an_archive_is_kept_within_bounds_too() -> None:
    def table(**props: Any) -> Resource:
        return resource("operationalinsights:Table", props)

    rule = retention.within_bounds
    assert passes(rule, table(retentionInDays=30, totalRetentionInDays=365))
    assert passes(rule, table(totalRetentionInDays=-1))
    report = wrong(rule, table(retentionInDays=30, totalRetentionInDays=4383))
    assert "property: totalRetentionInDays\nfound:    4383\nwanted:   30 to 730 days" in report
    assert passes(rule, table(totalRetentionInDays=4383), maximumDays=4383)
    assert unknown(rule, table(totalRetentionInDays=UNKNOWN))


def test_tags() -> None:
    rule, wanted = places.tags_present, ["Owner", "environment"]
    assert passes(rule, workspace(tags={"team": "a"}))
    assert "at least one tag" in wrong(rule, workspace(tags={}))
    assert passes(rule, workspace(tags={"owner": "a", "environment": "dev"}), names=wanted)
    report = wrong(rule, workspace(tags={"owner": "", "environment": "dev"}), names=wanted)
    assert "fix:      add the tags Owner" in report
    assert unknown(rule, workspace(tags=UNKNOWN), names=wanted)


def test_locations() -> None:
    rule = places.location_allowed
    assert passes(rule, workspace(location="brazilsouth"))
    assert passes(rule, workspace(location="East US"), locations=["eastus"])
    report = wrong(rule, workspace(location="westus"), locations=["eastus", "West Europe"])
    assert 'found:    "westus"\nwanted:   one of eastus, westeurope' in report
    assert unknown(rule, workspace(location=UNKNOWN), locations=["eastus"])


def test_every_region_of_a_gateway_is_judged() -> None:
    def gateway(*more: Any) -> Resource:
        props = {"location": "eastus", "additionalLocations": list(more)}
        return resource("apimanagement:ApiManagementService", props)

    rule, allowed = places.location_allowed, ["eastus", "westeurope"]
    assert passes(rule, gateway({"location": "West Europe"}), locations=allowed)
    report = wrong(
        rule, gateway({"location": "eastus"}, {"location": "uksouth"}), locations=allowed
    )
    assert 'property: additionalLocations[1].location\nfound:    "uksouth"' in report
    assert unknown(rule, gateway({"location": UNKNOWN}), locations=allowed)


def test_a_model_that_retires() -> None:
    rule, today = models.not_retiring, "2027-01-01"
    assert passes(rule, deployment(), today=today)
    report = wrong(rule, deployment(), today="2027-03-01")
    assert "gpt-5.1 2025-11-13, which retires on 2027-05-15" in report
    assert passes(rule, deployment(), today="2027-03-01", days=30)
    assert "retired on" in wrong(rule, deployment("gpt-35-turbo", "0613"), days=0)
    assert passes(rule, deployment("gpt-new", "1"), today=today)
    assert unknown(rule, deployment(version=UNKNOWN))


def test_a_model_without_a_version_retires_with_its_last() -> None:
    rule = models.not_retiring
    report = wrong(rule, deployment("gpt-35-turbo", None), today="2026-11-21")
    assert "gpt-35-turbo (no version; of all versions the last), which retired on" in report
    assert passes(rule, deployment("gpt-5.1", None), today="2026-11-21")
    assert passes(rule, deployment("gpt-new", None), today="2026-11-21")


def test_a_model_that_closes_to_new_subscriptions() -> None:
    rule = models.open_to_newcomers
    report = wrong(rule, deployment(), today="2026-11-27")
    assert "gpt-5.1 2025-11-13, which closed to new subscriptions on 2026-11-13" in report
    assert "az cognitiveservices model list" in report
    assert passes(rule, deployment(), today="2026-11-12")
    assert "which closes to" in wrong(rule, deployment(), today="2026-11-12", days=1)
    assert passes(rule, deployment("gpt-5.6-luna", "2026-07-09"), today="2026-11-27")
    assert passes(rule, deployment("text-embedding-3-small", "1"), today="2026-11-27")
    assert passes(rule, deployment("gpt-new", "1"), today="2026-11-27")
    assert unknown(rule, deployment(version=UNKNOWN))


def test_a_version_closes_before_it_retires() -> None:
    table = models.retirements()
    assert table.closing
    assert all(day < table.dates[key] for key, day in table.closing.items())


def test_an_old_table_of_retirements() -> None:
    whole = stack(deployment())
    assert passes(models.table_fresh, whole, today="2026-11-21")
    report = wrong(models.table_fresh, whole, today="2027-04-04")
    assert "judged by models.json of 2026-10-05, 181 days old" in report
    assert passes(models.table_fresh, whole, today="2027-04-04", tableDays=365)
    assert passes(models.table_fresh, stack(workspace()), today="2030-01-01"), "nothing to judge"


def test_a_model_that_is_not_in_the_table() -> None:
    assert passes(models.known, deployment())
    assert "gpt-new (no version)" in wrong(models.known, deployment("gpt-new", None))
    assert unknown(models.known, deployment(UNKNOWN))
    assert models.retirements().source.startswith("https://learn.microsoft.com/")


def test_capacity() -> None:
    assert passes(models.capacity, deployment(capacity=1000))
    assert "at most 1000" in wrong(models.capacity, deployment(capacity=1001))
    assert "at most 5" in wrong(models.capacity, deployment(), maximum=5.0)
    assert unknown(models.capacity, deployment(capacity=UNKNOWN))


def test_capacity_as_a_text_or_in_its_old_place() -> None:
    assert '"2000"' in wrong(models.capacity, deployment(capacity="2000"))
    assert passes(models.capacity, deployment(capacity="10"))
    assert '"lots"' in wrong(models.capacity, deployment(capacity="lots"))
    token = "cognitiveservices:Deployment"
    old = resource(token, {"properties": {"scaleSettings": {"capacity": 2000}}})
    assert "property: properties.scaleSettings.capacity" in wrong(models.capacity, old)


def test_production_is_protected() -> None:
    rule, token = protection.protected, "cognitiveservices:Account"
    assert passes(rule, resource(token))
    assert passes(rule, resource(token, stack="prod-eu", protect=True))
    report = wrong(rule, resource(token, stack="Production"))
    assert "true in stack Production" in report
    assert passes(rule, resource(token, stack="prod"), stacks=["live"])
