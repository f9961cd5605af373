"""Queries of alert rules judged on rows; names, etags and deletion of what watches a stack."""

from __future__ import annotations

import copy
import json
from functools import partial
from typing import Any

import pytest

from sandbox import arm
from sandbox.logs import Workspaces
from sandbox.options import Options

from .conftest import GROUP, WORKSPACE, Azure, refusal
from .monitored import (
    ACTIONS,
    BODIES,
    DYNAMIC,
    HEALTH,
    INSIGHTS,
    LOG,
    SEARCH,
    STATIC,
    WORKBOOK,
    Change,
    both,
    criterion,
    deploy,
    dimension,
    edit,
    failing,
    properties,
)


@pytest.fixture(name="monitored")
def _monitored(stack: Azure) -> Azure:
    return deploy(stack)


def validated(azure: Azure, change: Change) -> Any:
    return edit(azure, LOG, both(properties(skipQueryValidation=False), change))


def arrive(azure: Azure, *tables: str) -> None:
    """One row in each table, visible at once."""
    workspaces = Workspaces(azure.cloud.folder, Options(ingestion_delay=0.0))
    customer = arm.get(azure.cloud, WORKSPACE).properties["customerId"]
    for table in tables:
        workspaces.ingest(customer, table, {"TimeGenerated": "2026-01-01T00:00:00"})


def test_a_query_is_refused_until_its_table_has_rows(monitored: Azure) -> None:
    refused = refusal(lambda: validated(monitored, lambda _: None))
    error = json.loads(refused.message)["error"]
    assert (refused.status, refused.code) == (400, "BadRequest")
    assert error["message"] == "The request had some invalid properties"
    assert error["innererror"]["innererror"] == {
        "code": "SEM0100",
        "message": "'summarize' operator: Failed to resolve table or column expression named "
        "'ApiManagementGatewayLogs'",
    }


def test_a_query_that_answers_is_accepted(monitored: Azure) -> None:
    arrive(monitored, "ApiManagementGatewayLogs")
    validated(monitored, lambda _: None)
    validated(monitored, failing(4, 2))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (criterion(query="ApiManagementGatewayLogs | where"), "SYN0002"),
        (
            criterion(query="ApiManagementGatewayLogs | summarize Calls = count() by apiid"),
            "Failed to resolve column or scalar expression named 'apiid'",
        ),
        (
            dimension("Consumer"),
            "'summarize' operator: Failed to resolve scalar expression named 'Consumer'",
        ),
        (dimension("TimeGenerated"), "'TimeGenerated'"),
        (
            criterion(metricMeasureColumn="ApiId"),
            (
                "The query of a metric measurement alert rule must include an ApiId column of a "
                "numeric type"
            ),
        ),
        (criterion(metricMeasureColumn="Total"), "must include an Total column"),
        (
            both(
                failing(2, 1),
                criterion(query="ApiManagementGatewayLogs | summarize Calls = count() by ApiId"),
            ),
            "numberOfEvaluationPeriods must be 1 where the query returns no timestamp",
        ),
    ],
)
def test_a_query_is_judged_against_the_workspaces_tables(
    monitored: Azure, change: Change, words: str
) -> None:
    arrive(monitored, "ApiManagementGatewayLogs")
    refused = refusal(lambda: validated(monitored, change))
    assert (refused.status, refused.code) == (400, "BadRequest")
    assert words in refused.message


def test_a_workbook_is_named_by_a_guid_and_titled_once_in_a_group(monitored: Azure) -> None:
    body = BODIES[WORKBOOK]
    refused = refusal(lambda: monitored.put(f"{INSIGHTS}/workbooks/overview", copy.deepcopy(body)))
    assert refused.message == "Invalid Workbook resource name: 'overview'"
    other = WORKBOOK[:-1] + "3"
    refused = refusal(lambda: monitored.put(other, copy.deepcopy(body)))
    assert (refused.status, refused.code) == (409, "Conflict")
    assert "A Workbook with the same name already exists" in refused.message
    elsewhere = GROUP.replace("rg-test", "rg-other")
    monitored.put(elsewhere, {"location": "eastus"})
    monitored.put(WORKBOOK.replace(GROUP, elsewhere), copy.deepcopy(body))


def test_a_saved_search_is_overwritten_with_its_etag_alone(monitored: Azure) -> None:
    body, etag = BODIES[SEARCH], arm.get(monitored.cloud, SEARCH).body["etag"]
    stale: list[dict[str, Any]] = [copy.deepcopy(body), copy.deepcopy(body) | {"etag": "W/old"}]
    for given in stale:
        refused = refusal(partial(monitored.put, SEARCH, given))
        assert (refused.status, refused.code) == (409, "Conflict")
        assert refused.message == "Newer data exists."
    monitored.now += 1
    changed = monitored.put(SEARCH, copy.deepcopy(body) | {"etag": etag})
    assert changed.body["etag"] != etag
    monitored.put(SEARCH, copy.deepcopy(body) | {"etag": "*"})
    arm.delete(monitored.cloud, SEARCH)
    monitored.put(SEARCH, copy.deepcopy(body))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"functionAlias": "two words"}, "functionAlias: 'two words'"),
        ({"functionParameters": "a:string"}, "without functionAlias"),
    ],
)
def test_a_functions_name_and_parameters(
    monitored: Azure, values: dict[str, str], words: str
) -> None:
    other = f"{SEARCH}-function"
    body = copy.deepcopy(BODIES[SEARCH])
    refused = refusal(lambda: monitored.put(other, {"properties": body["properties"] | values}))
    assert words in refused.message
    given = {"functionAlias": "Errors", "functionParameters": "a:string"}
    monitored.put(other, {"properties": body["properties"] | given})


def test_saved_searches_go_with_their_workspace_and_rules_stay(monitored: Azure) -> None:
    arm.delete(monitored.cloud, WORKSPACE)
    arm.delete(monitored.cloud, ACTIONS)
    assert monitored.cloud.get(SEARCH) is None
    assert [one.type for one in monitored.cloud.deleted()] == [
        "Microsoft.OperationalInsights/workspaces"
    ]
    for rule in (LOG, STATIC, DYNAMIC, HEALTH, WORKBOOK):
        assert arm.get(monitored.cloud, rule)
    refused = refusal(lambda: edit(monitored, LOG, lambda _: None))
    assert refused.code == "ResourceNotFound"


def test_everything_goes_with_its_resource_group(monitored: Azure) -> None:
    arm.delete(monitored.cloud, GROUP)
    assert not [one for one in monitored.cloud.all() if one.id in BODIES]
