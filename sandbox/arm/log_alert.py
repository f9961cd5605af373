"""Alert rules on log queries.

https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule
"""

import json
from datetime import UTC, datetime
from typing import Any

from sandbox.arm.alerts import RULES, bad, check_actions, minutes, required, timing
from sandbox.arm.base import WORKSPACE, Put, missing, parse, refuse
from sandbox.arm.sizes import check_rule
from sandbox.cloud import Resource
from sandbox.errors import ArmError, NotModelledError
from sandbox.logs.facts import FACTS, QueryError
from sandbox.logs.store import Workspaces

NUMBERS = ("int", "long", "real", "decimal")
TWO_DAYS = 2_880
"""Minutes that a rule's query sees at most: https://github.com/MicrosoftDocs/azure-docs/issues/22637"""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def scheduled_query_rule(put: Put) -> None:
    """A rule has one condition on one workspace, both judged before its query is run.

    https://learn.microsoft.com/rest/api/monitor/scheduled-query-rules/create-or-update
    """
    kind = put.body.setdefault("kind", "LogAlert")
    if kind != "LogAlert":
        raise NotModelledError(f"the sandbox models no scheduled query rule of kind {kind}")
    conditions = (put.properties.get("criteria") or {}).get("allOf") or []
    if not conditions:
        raise refuse("PayloadEmpty")
    if len(conditions) > 1 or conditions[0].get("criterionType", "").startswith("Dynamic"):
        raise NotModelledError("the sandbox models log alerts of one static condition")
    condition = conditions[0]
    workspace = _workspace(put)
    check_rule(put.properties)
    _check_times(put.properties, condition)
    _check_measure(condition)
    actions = put.properties.get("actions") or {}
    check_actions(put, actions.get("actionGroups") or [])
    if not put.properties.get("skipQueryValidation"):
        _check_query(put, workspace, condition)
    put.properties["createdWithApiVersion"] = put.api_version
    put.properties["isLegacyLogAnalyticsRule"] = False
    put.properties["isWorkspaceAlertsStorageConfigured"] = False


def _workspace(put: Put) -> Resource:
    """A rule queries exactly one workspace.

    https://learn.microsoft.com/rest/api/monitor/scheduled-query-rules/create-or-update
    """
    scopes = put.properties.get("scopes") or []
    if len(scopes) != 1:
        raise bad("scopes: a rule has exactly one scope.")
    scope = parse(scopes[0])
    if scope.type != WORKSPACE:
        raise NotModelledError(f"the sandbox models log alerts on workspaces, not on {scope.type}")
    found = put.cloud.get(scope.text)
    if not found:
        raise missing(scope)
    return found


def _check_times(rule: dict[str, Any], condition: dict[str, Any]) -> None:
    """A query sees windows times periods, or the overridden range, and at most two days.

    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule
    """
    frequency, window = timing(rule, RULES["log"])
    periods = condition.get("failingPeriods") or {}
    number = int(periods.get("numberOfEvaluationPeriods", 1))
    if int(periods.get("minFailingPeriodsToAlert", 1)) > number:
        raise bad("minFailingPeriodsToAlert must be at most numberOfEvaluationPeriods.")
    seen = minutes(rule, "overrideQueryTimeRange", RULES["log"]["overrideQueryTimeRange"])
    if seen is not None and seen < window * number:
        raise bad("overrideQueryTimeRange must be at least windowSize * numberOfEvaluationPeriods.")
    if window * number > TWO_DAYS:
        raise bad("windowSize * numberOfEvaluationPeriods must be at most 2 days.")
    muted = minutes(rule, "muteActionsDuration", RULES["log"]["muteActionsDuration"])
    if muted is not None and rule["autoMitigate"]:
        raise refuse("SuppressionNeedsManualResolution")
    if muted is not None and muted < frequency:
        raise refuse("SuppressionTooShort")


def _check_measure(condition: dict[str, Any]) -> None:
    """A count of rows has no measure, everything else has one; at most six dimensions.

    https://github.com/hashicorp/terraform-provider-azurerm/pull/23300
    """
    required(condition, "query", "operator", "timeAggregation", "threshold")
    counted, measure = condition["timeAggregation"] == "Count", condition.get("metricMeasureColumn")
    if counted and measure:
        raise bad("metricMeasureColumn must not be given where timeAggregation is Count.")
    if not counted and not measure:
        raise refuse("MeasureMissing")
    if len(condition.get("dimensions") or []) > RULES["dimensions"]:
        raise bad(f"A condition takes at most {RULES['dimensions']} dimensions.")


def _check_query(put: Put, workspace: Resource, condition: dict[str, Any]) -> None:
    """Parse the query and resolve its names against the tables that the workspace has by now.

    A table exists from its first row on: https://github.com/Azure/bicep/issues/11378
    Rows without a time cannot be told apart by period:
    https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/monitor_scheduled_query_rules_alert_v2
    """
    workspaces = Workspaces(put.cloud.folder, put.options)
    customer = str(workspace.properties["customerId"])
    try:
        answer = workspaces.query(customer, condition["query"], (_NEVER, _NEVER))
    except QueryError as error:
        raise _refused(*error.args) from error
    columns = {column["name"]: column["type"] for column in answer["columns"]}
    periods = (condition.get("failingPeriods") or {}).get("numberOfEvaluationPeriods", 1)
    if periods != 1 and "datetime" not in columns.values():
        raise bad("numberOfEvaluationPeriods must be 1 where the query returns no timestamp.")
    measure = condition.get("metricMeasureColumn")
    if measure and columns.get(measure) not in NUMBERS:
        raise refuse("MeasureNotNumeric", column=measure)
    for dimension in condition.get("dimensions") or []:
        if columns.get(dimension["name"]) not in (*NUMBERS, "string"):
            words = "'summarize' operator: Failed to resolve scalar expression named"
            inner = ("SEM0100", f"{words} '{dimension['name']}'")
            raise _refused(("SemanticError", "A semantic error occurred."), inner)


def _refused(*inner: tuple[str, str]) -> ArmError:
    """A refusal quotes the query service's answer as text.

    https://github.com/CDCgov/prime-reportstream/issues/11773
    """
    outer = ("BadArgumentError", FACTS["refusals"]["BadArgumentError"][1])
    body: dict[str, Any] = {}
    for code, message in reversed((outer, *inner)):
        body = {"message": message, "code": code, **({"innererror": body} if body else {})}
    return refuse("QueryInvalid", body=json.dumps({"error": body}))
