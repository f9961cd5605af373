"""Action groups, alert rules, workbooks, saved queries: what is taken, and how it is refused."""

from __future__ import annotations

import copy

import pytest

from sandbox import arm
from sandbox.errors import NotModelledError

from .conftest import ACCOUNT, GROUP, SERVICE, WORKSPACE, Azure, refusal
from .monitored import (
    ACTIONS,
    BODIES,
    DYNAMIC,
    HEALTH,
    LOG,
    SEARCH,
    STATIC,
    SUBSCRIPTION,
    WORKBOOK,
    Change,
    both,
    condition,
    conditions,
    criterion,
    deploy,
    dimension,
    edit,
    failing,
    more,
    of_type,
    properties,
    twice,
)


@pytest.fixture(name="monitored")
def _monitored(stack: Azure) -> Azure:
    return deploy(stack)


def test_every_type_is_accepted_twice(monitored: Azure) -> None:
    for resource_id, body in BODIES.items():
        again = {"etag": "*"} if resource_id == SEARCH else {}
        monitored.put(resource_id, copy.deepcopy(body) | again)
    rule = arm.get(monitored.cloud, LOG)
    assert rule.properties["autoMitigate"] is True
    assert rule.body["kind"] == "LogAlert"
    assert arm.get(monitored.cloud, ACTIONS).body["location"] == "global"
    assert arm.get(monitored.cloud, WORKBOOK).properties["sourceId"] == WORKSPACE.lower()


@pytest.mark.parametrize(
    ("resource_id", "change"),
    [
        (ACTIONS, properties(groupShortName="a" * 12, webhookReceivers=[])),
        (LOG, properties(overrideQueryTimeRange=None, windowSize="P2D")),
        (LOG, properties(autoMitigate=False, muteActionsDuration="PT15M")),
        (LOG, criterion(timeAggregation="Count", metricMeasureColumn=None)),
        (LOG, dimension(*"abcdef")),
        (LOG, failing(6, 6)),
        (STATIC, criterion(metricName="AnythingNew", skipMetricValidation=True)),
        (DYNAMIC, failing(1, 1)),
        (HEALTH, conditions({"field": "category", "equals": "ResourceHealth"})),
        (HEALTH, lambda body: body.update(location="West Europe")),
        (WORKBOOK, properties(version="Notebook/1.0")),
    ],
)
def test_what_azure_takes_is_taken(monitored: Azure, resource_id: str, change: Change) -> None:
    arm.delete(monitored.cloud, resource_id)
    edit(monitored, resource_id, change)


@pytest.mark.parametrize(
    ("resource_id", "change", "code", "words"),
    [
        (
            ACTIONS,
            lambda body: body.update(location="eastus"),
            "LocationNotAvailableForResourceType",
            (
                "is not available for resource type 'Microsoft.Insights/actionGroups'. "
                "List of available regions for the resource type is '['global']'"
            ),
        ),
        (
            ACTIONS,
            properties(groupShortName="a" * 13),
            "GroupShortNameIsTooLong",
            "Please specify a short name with '12' or less characters",
        ),
        (ACTIONS, properties(groupShortName=""), "BadRequest", "groupShortName is missing"),
        (
            ACTIONS,
            more("emailReceivers", {"name": "pager", "emailAddress": "a@example.com"}),
            "BadRequest",
            "must be unique within the action group: 'pager'",
        ),
        (
            ACTIONS,
            more("emailReceivers", {"name": "ops", "emailAddress": "ops.example.com"}),
            "BadRequest",
            "The email address of receiver 'ops' is invalid",
        ),
        (
            ACTIONS,
            more(
                "webhookReceivers",
                *({"name": f"{n}", "serviceUri": "https://example.com"} for n in range(11)),
            ),
            "BadRequest",
            "at most 10 webhookReceivers",
        ),
        (LOG, properties(criteria={"allOf": []}), "BadRequest", "payload cannot be empty"),
        (LOG, properties(severity=5), "BadRequest", "severity: the value '5' is invalid"),
        (LOG, properties(severity=None), "BadRequest", "severity is required"),
        (
            LOG,
            properties(windowSize="P3D"),
            "BadRequest",
            (
                "Supported granularities are: 1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, "
                "1440, 2880"
            ),
        ),
        (LOG, properties(evaluationFrequency="P2D"), "BadRequest", "evaluationFrequency: P2D"),
        (LOG, properties(windowSize="often"), "InvalidRequestContent", "no ISO 8601 duration"),
        (LOG, properties(windowSize="PT5M"), "BadRequest", "windowSize must be greater"),
        (LOG, properties(overrideQueryTimeRange="P7D"), "BadRequest", "P7D is not supported"),
        (
            LOG,
            properties(overrideQueryTimeRange="PT30M"),
            "BadRequest",
            "overrideQueryTimeRange must be at least windowSize * numberOfEvaluationPeriods",
        ),
        (
            LOG,
            both(failing(3, 1), properties(windowSize="P1D", overrideQueryTimeRange=None)),
            "BadRequest",
            "must be at most 2 days",
        ),
        (LOG, failing(1, 2), "BadRequest", "minFailingPeriodsToAlert must be at most"),
        (LOG, failing(0, 0), "BadRequest", "numberOfEvaluationPeriods: the value '0' is invalid"),
        (
            LOG,
            properties(muteActionsDuration="PT1H"),
            "BadRequest",
            "Auto mitigation must be disabled when action suppression is set",
        ),
        (
            LOG,
            properties(muteActionsDuration="PT5M", autoMitigate=False),
            "InvalidRequestContent",
            "EvaluationFrequency cannot be greater than MuteActionsDuration",
        ),
        (
            LOG,
            criterion(metricMeasureColumn=None),
            "BadRequest",
            "Metric Measure Column was not specified",
        ),
        (LOG, criterion(timeAggregation="Count"), "BadRequest", "must not be given"),
        (LOG, criterion(timeAggregation="Sum"), "BadRequest", "the value 'Sum' is invalid"),
        (LOG, criterion(operator="Equals"), "BadRequest", "the value 'Equals' is invalid"),
        (LOG, criterion(threshold=None), "BadRequest", "threshold is required"),
        (LOG, dimension(*"abcdefg"), "BadRequest", "at most 6 dimensions"),
        (LOG, properties(scopes=[]), "BadRequest", "exactly one scope"),
        (
            LOG,
            properties(scopes=[f"{WORKSPACE}-gone"]),
            "ResourceNotFound",
            "Microsoft.OperationalInsights/workspaces/log-test-gone",
        ),
        (
            LOG,
            properties(actions={"actionGroups": [f"{ACTIONS}-gone"]}),
            "BadRequest",
            f"Arm resource {ACTIONS}-gone is invalid or in a different subscription as alert rule",
        ),
        (LOG, properties(actions={"actionGroups": [ACTIONS] * 6}), "BadRequest", "at most 5"),
        (
            STATIC,
            criterion(metricName="HarmfulRequests"),
            "BadRequest",
            "Couldn't find a metric named HarmfulRequests. Make sure the name is correct",
        ),
        (
            STATIC,
            criterion(metricNamespace="Microsoft.Web/sites"),
            "BadRequest",
            "Detect invalid value: Microsoft.Web/sites for query parameter: 'metricnamespace'",
        ),
        (
            STATIC,
            dimension("Consumer"),
            "BadRequest",
            "RAIHarmfulRequests does not support requested dimension combination: Consumer",
        ),
        (STATIC, properties(windowSize="PT2H"), "BadRequest", "PT2H is not supported"),
        (STATIC, properties(severity=None), "BadRequest", "severity is required"),
        (STATIC, criterion(operator="GreaterOrLessThan"), "BadRequest", "GreaterOrLessThan"),
        (STATIC, criterion(timeAggregation="Sum"), "BadRequest", "the value 'Sum' is invalid"),
        (
            STATIC,
            properties(scopes=[ACCOUNT, ACCOUNT]),
            "BadRequest",
            "Only single resource is allowed for criteria type",
        ),
        (STATIC, properties(scopes=[f"{ACCOUNT}-gone"]), "ResourceNotFound", "oai-test-gone"),
        (STATIC, properties(actions=[{"actionGroupId": ACCOUNT}]), "BadRequest", "Arm resource"),
        (STATIC, both(dimension("Category"), twice), "BadRequest", "one value and not '*'"),
        (
            STATIC,
            of_type("MultipleResourceMultipleMetricCriteria"),
            "BadRequest",
            (
                "Alert update failed. Updating from StaticThresholdCriteria and odata.type "
                "SingleResourceMultipleMetricCriteria to StaticThresholdCriteria and odata.type "
                "MultipleResourceMultipleMetricCriteria is not supported."
            ),
        ),
        (
            DYNAMIC,
            of_type("SingleResourceMultipleMetricCriteria"),
            "BadRequest",
            "A dynamic threshold needs",
        ),
        (DYNAMIC, twice, "BadRequest", "are one criterion"),
        (DYNAMIC, criterion(criterionType="Baseline"), "BadRequest", "['Baseline']"),
        (
            STATIC,
            lambda body: body["properties"]["criteria"].update(allOf=[condition(body)] * 6),
            "BadRequest",
            "1 to 5 criteria",
        ),
        (DYNAMIC, failing(4, 5), "BadRequest", "must be lower or equal"),
        (DYNAMIC, properties(windowSize="P1D"), "BadRequest", "Supported granularities are: 5, 15"),
        (DYNAMIC, properties(evaluationFrequency="PT1M"), "BadRequest", "PT1M is not supported"),
        (DYNAMIC, criterion(alertSensitivity="Some"), "BadRequest", "alertSensitivity"),
        (DYNAMIC, criterion(operator="Equals"), "BadRequest", "operator: the value 'Equals'"),
        (
            DYNAMIC,
            properties(scopes=[ACCOUNT, ACCOUNT]),
            "BadRequest",
            "Several scopes need targetResourceType and targetResourceRegion",
        ),
        (
            HEALTH,
            properties(scopes=[SUBSCRIPTION, SUBSCRIPTION]),
            "ScopeIsInvalid",
            "The rule scope must contain only one item",
        ),
        (HEALTH, properties(scopes=[GROUP]), "BadRequest", "is a subscription"),
        (HEALTH, properties(scopes=[]), "BadRequest", "at least one item is required"),
        (
            HEALTH,
            both(
                properties(scopes=[f"{ACCOUNT}-gone"]),
                conditions({"field": "category", "equals": "ResourceHealth"}),
            ),
            "ResourceNotFound",
            "oai-test-gone",
        ),
        (STATIC, properties(scopes=[]), "BadRequest", "at least one item is required"),
        (
            HEALTH,
            conditions({"field": "level", "equals": "Error"}),
            "BadRequest",
            "The condition needs one category",
        ),
        (
            HEALTH,
            conditions({"field": "category", "equals": "Administrative"}),
            "UnsupportedCondition",
            "Specify additional conditions for this category: Administrative.",
        ),
        (
            HEALTH,
            conditions({"field": "category", "equals": "ServiceHealth", "containsAny": ["a"]}),
            "BadRequest",
            "A condition has a field",
        ),
        (HEALTH, lambda body: body.update(location="eastus"), "LocationNotAvailable", "global"),
        (WORKBOOK, lambda body: body.update(kind="user"), "BadRequest", "allowed: ['shared']"),
        (WORKBOOK, properties(serializedData="{"), "BadRequest", "not valid JSON"),
        (WORKBOOK, properties(serializedData="{}"), "BadRequest", "'Notebook/1.0'"),
        (WORKBOOK, properties(version="1.0"), "BadRequest", "'Notebook/1.0'"),
        (WORKBOOK, properties(displayName=""), "BadRequest", "displayName is missing"),
        (SEARCH, properties(query=" "), "BadRequest", "query is missing"),
        (SEARCH, properties(version=3), "BadRequest", "version: the value '3' is invalid"),
    ],
)
def test_what_azure_refuses_is_refused_in_its_words(
    monitored: Azure, resource_id: str, change: Change, code: str, words: str
) -> None:
    before = copy.deepcopy(arm.get(monitored.cloud, resource_id).body)
    refused = refusal(lambda: edit(monitored, resource_id, change))
    assert refused.status == (404 if code == "ResourceNotFound" else 400)
    assert refused.code.startswith(code)
    assert words in refused.message
    assert arm.get(monitored.cloud, resource_id).body == before


def test_no_refusal_repeats_a_webhooks_address(monitored: Azure) -> None:
    wrong = more("webhookReceivers", {"name": "pager", "serviceUri": "s3cret"})
    refused = refusal(lambda: edit(monitored, ACTIONS, wrong))
    assert "'pager'" in refused.message
    assert "s3cret" not in refused.message


@pytest.mark.parametrize(
    ("resource_id", "change", "words"),
    [
        (ACTIONS, more("smsReceivers", {"name": "sms"}), "smsReceivers"),
        (LOG, lambda body: body.update(kind="LogToMetric"), "LogToMetric"),
        (LOG, properties(scopes=[SERVICE]), "not on Microsoft.ApiManagement/service"),
        (LOG, criterion(criterionType="DynamicThresholdCriterion"), "one static condition"),
        (STATIC, properties(scopes=[SERVICE]), "no metrics of Microsoft.ApiManagement/service"),
        (STATIC, of_type("WebtestLocationAvailabilityCriteria"), "Webtest"),
    ],
)
def test_what_is_not_modelled_is_said(
    monitored: Azure, resource_id: str, change: Change, words: str
) -> None:
    with pytest.raises(NotModelledError, match=words):
        edit(monitored, resource_id, change)
