"""Alert rules on platform metrics, with a fixed or a learnt threshold.

https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-metric-overview
"""

import json
from typing import Any

from sandbox.arm.alerts import RULES, bad, check_actions, required, timing
from sandbox.arm.base import DATA, Put, missing, parse, refuse
from sandbox.errors import NotModelledError

METRICS = json.loads((DATA / "metrics.json").read_text())
"""Dimensions by resource type and metric name, with their source."""
SINGLE = "SingleResourceMultipleMetricCriteria"
MULTIPLE = "MultipleResourceMultipleMetricCriteria"
_PREFIX = "Microsoft.Azure.Monitor."


def metric_alert(put: Put) -> None:
    """Criteria of a known form on metrics that the resources in scope have.

    https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update
    """
    form, dynamic = _form(put.properties)
    criteria = put.properties["criteria"]["allOf"]
    _check_update(put, form, dynamic=dynamic)
    types = _check_scopes(put, form)
    timing(put.properties, RULES["dynamic" if dynamic else "static"])
    for criterion in criteria:
        _check_criterion(criterion, dynamic=dynamic)
        _check_metric(criterion, types, alone=len(criteria) == 1)
    actions = put.properties.get("actions") or []
    check_actions(put, (action.get("actionGroupId") for action in actions))
    put.properties["isMigrated"] = False


def _form(properties: dict[str, Any]) -> tuple[str, bool]:
    """Criteria have a known odata.type, and a dynamic threshold stands alone.

    https://github.com/MicrosoftDocs/azure-docs/issues/45846
    """
    criteria = properties["criteria"]
    written = str(criteria.get("odata.type"))
    form, all_of = written.removeprefix(_PREFIX), criteria.get("allOf") or []
    if form not in (SINGLE, MULTIPLE) or not written.startswith(_PREFIX):
        raise NotModelledError(f"the sandbox models no metric criteria {written}")
    if not 0 < len(all_of) <= RULES["criteria"]:
        raise bad(f"A metric alert has 1 to {RULES['criteria']} criteria.")
    kinds = {one.get("criterionType", "StaticThresholdCriterion") for one in all_of}
    dynamic = "DynamicThresholdCriterion" in kinds
    if kinds - {"StaticThresholdCriterion", "DynamicThresholdCriterion"}:
        raise bad(f"criterionType: {sorted(kinds)} is not supported.")
    if dynamic and form == SINGLE:
        raise bad(f"A dynamic threshold needs criteria of type {_PREFIX}{MULTIPLE}.")
    if form == MULTIPLE and len(all_of) > 1:
        raise bad(f"Criteria of type {_PREFIX}{MULTIPLE} are one criterion.")
    return form, dynamic


def _check_update(put: Put, form: str, *, dynamic: bool) -> None:
    """A rule keeps its kind of criteria.

    https://github.com/hashicorp/terraform-provider-azurerm/issues/7910
    """
    if not put.existing:
        return
    old, old_dynamic = _form(put.existing.properties)
    words = [
        f"{'Dynamic' if learnt else 'Static'}ThresholdCriteria and odata.type {name}"
        for name, learnt in ((old, old_dynamic), (form, dynamic))
    ]
    if old != form:
        raise refuse("CriteriaUpdateNotSupported", before=words[0], after=words[1])


def _check_scopes(put: Put, form: str) -> set[str]:
    """Several scopes need their type and their region named.

    https://github.com/Azure/azure-cli/issues/10348
    https://github.com/Azure/azure-libraries-for-net/issues/654
    """
    scopes = [parse(one) for one in put.properties["scopes"]]
    if not scopes:
        raise bad("scopes: at least one item is required.")
    if form == SINGLE and len(scopes) > 1:
        raise refuse("OnlySingleResource")
    for scope in scopes:
        if scope.type not in METRICS:
            raise NotModelledError(f"the sandbox knows no metrics of {scope.type}")
        if not put.cloud.get(scope.text):
            raise missing(scope)
    target = [put.properties.get(name) for name in ("targetResourceType", "targetResourceRegion")]
    if len(scopes) > 1 and not all(target):
        raise bad("Several scopes need targetResourceType and targetResourceRegion.")
    return {scope.type for scope in scopes}


def _check_criterion(one: dict[str, Any], *, dynamic: bool) -> None:
    """A threshold is static, or learnt with a sensitivity.

    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-dynamic-thresholds
    """
    operators = RULES["operators"]["dynamic" if dynamic else "static"]
    if one["operator"] not in operators:
        raise bad(f"operator: the value '{one['operator']}' is invalid; allowed: {operators}.")
    if not dynamic:
        required(one, "threshold")
        return
    required(one, "alertSensitivity")
    periods, least = (
        int(one["failingPeriods"][name])
        for name in ("numberOfEvaluationPeriods", "minFailingPeriodsToAlert")
    )
    if not 1 <= least <= periods:
        raise bad("minFailingPeriodsToAlert must be lower or equal to numberOfEvaluationPeriods.")


def _check_metric(one: dict[str, Any], types: set[str], *, alone: bool) -> None:
    """A criterion names a known metric and its dimensions; of several, each takes one value.

    https://learn.microsoft.com/azure/azure-monitor/alerts/resource-manager-alerts-metric
    """
    kind, name = min(types), one["metricName"]
    space = one.get("metricNamespace")
    if space and space.lower() not in {known.lower() for known in types}:
        raise refuse("MetricNamespaceInvalid", name=space)
    dimensions = one.get("dimensions") or []
    if not alone and any(d["values"] != d["values"][:1] or "*" in d["values"] for d in dimensions):
        raise bad("With several criteria, a dimension takes one value and not '*'.")
    if one.get("skipMetricValidation"):
        return
    if name not in METRICS[kind]:
        raise refuse("MetricNotFound", name=name)
    asked, known = [d["name"] for d in dimensions], METRICS[kind][name]
    if not set(asked) <= set(known):
        facts = {"asked": ",".join(asked), "known": ",".join(known)}
        raise refuse("MetricDimensionInvalid", metric=name, **facts)
