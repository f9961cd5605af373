"""A rule on a platform metric, as Azure's metric alert."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import monitor

from components.alerts.metric_rules import PERIODS, SENSITIVITY, VIOLATIONS
from components.alerts.rule import MetricRule, Place
from components.alerts.subject import Subject

ACCOUNTS = "Microsoft.CognitiveServices/accounts"


def metric_alerts(rule: MetricRule, subject: Subject, place: Place) -> None:
    """Declare the rule for each account to which it applies.

    A rule on several resources takes those of few types, and of one region.
    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-metric-overview#monitor-multiple-resources-with-one-alert-rule
    """
    for account in subject.accounts:
        own = subject.of(account)
        if rule.applies(own):
            _metric_alert(rule, own, place, f"{rule.name}-{account}" if account else rule.name)


def _metric_alert(
    rule: MetricRule, subject: Subject, place: Place, name: str
) -> monitor.MetricAlert:
    """Declare the rule for one account; metric alerts lie in no region."""
    return monitor.MetricAlert(
        f"alert-{name}",
        rule_name=pulumi.Output.concat(name, "-", place.suffix),
        description=rule.description,
        severity=rule.severity,
        enabled=rule.enabled,
        resource_group_name=place.resource_group_name,
        location="global",
        scopes=list(subject.accounts.values()),
        evaluation_frequency=rule.frequency,
        window_size=rule.window,
        criteria=_criteria(rule, subject),
        auto_mitigate=True,
        actions=[
            monitor.MetricAlertActionArgs(action_group_id=one) for one in place.action_group_ids
        ],
        tags=place.tags,
        opts=pulumi.ResourceOptions(parent=place.parent),
    )


def _criteria(
    rule: MetricRule, subject: Subject
) -> monitor.MetricAlertMultipleResourceMultipleMetricCriteriaArgs:
    """Build the condition; without a threshold, Azure learns one from the metric's past."""
    dimensions = [
        monitor.MetricDimensionArgs(name=name, operator="Include", values=list(values))
        for name, values in {**rule.dimensions, **rule.narrowed(subject)}.items()
    ]
    condition: monitor.MetricCriteriaArgs | monitor.DynamicMetricCriteriaArgs
    if rule.threshold is None:
        condition = monitor.DynamicMetricCriteriaArgs(
            criterion_type="DynamicThresholdCriterion",
            name=rule.name,
            metric_namespace=ACCOUNTS,
            metric_name=rule.metric,
            time_aggregation=rule.aggregation,
            operator=rule.operator,
            alert_sensitivity=SENSITIVITY,
            failing_periods=monitor.DynamicThresholdFailingPeriodsArgs(
                number_of_evaluation_periods=PERIODS, min_failing_periods_to_alert=VIOLATIONS
            ),
            dimensions=dimensions,
        )
    else:
        condition = monitor.MetricCriteriaArgs(
            criterion_type="StaticThresholdCriterion",
            name=rule.name,
            metric_namespace=ACCOUNTS,
            metric_name=rule.metric,
            time_aggregation=rule.aggregation,
            operator=rule.operator,
            threshold=rule.threshold,
            dimensions=dimensions,
        )
    return monitor.MetricAlertMultipleResourceMultipleMetricCriteriaArgs(
        odata_type="Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
        all_of=[condition],
    )
