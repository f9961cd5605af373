"""A rule on the logs, as Azure's scheduled query rule."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native import monitor

from components.alerts.rule import LogRule, Place
from components.alerts.subject import Subject
from queries.library import render


def log_alert(
    rule: LogRule,
    subject: Subject,
    place: Place,
    *,
    workspace_id: pulumi.Input[str],
    location: pulumi.Input[str],
) -> monitor.ScheduledQueryRule:
    """Declare the rule in the region of its workspace."""
    return monitor.ScheduledQueryRule(
        f"alert-{rule.name}",
        kind=monitor.Kind.LOG_ALERT,
        rule_name=pulumi.Output.concat(rule.name, "-", place.suffix),
        display_name=rule.titled(pulumi.get_stack()),
        description=rule.description,
        severity=rule.severity,
        enabled=rule.enabled,
        resource_group_name=place.resource_group_name,
        location=location,
        scopes=[workspace_id],
        evaluation_frequency=rule.frequency,
        window_size=rule.window,
        override_query_time_range=rule.query_range,
        criteria=_criteria(rule, subject),
        auto_mitigate=True,
        # A table gets its columns with its first row; until then Azure's check of the query fails.
        # https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-troubleshoot-log
        skip_query_validation=True,
        actions=monitor.ActionsArgs(action_groups=list(place.action_group_ids)),
        tags=place.tags,
        opts=pulumi.ResourceOptions(parent=place.parent),
    )


def _criteria(rule: LogRule, subject: Subject) -> monitor.ScheduledQueryRuleCriteriaArgs:
    """Build the condition: for each combination of dimensions, one value against the threshold."""
    dimensions: dict[str, list[pulumi.Input[str]]] = {
        name: list(values) for name, values in rule.dimensions.items()
    }
    dimensions |= {name: list(values) for name, values in rule.narrowed(subject).items()}
    left_out = {name: values for name, values in rule.excluded(subject).items() if values}
    condition = monitor.ConditionArgs(
        query=query(rule, subject),
        metric_measure_column=rule.column,
        time_aggregation=rule.aggregation,
        operator=rule.operator,
        threshold=rule.threshold,
        # https://learn.microsoft.com/rest/api/monitor/scheduled-query-rules/create-or-update#dimensionoperator
        dimensions=[
            monitor.DimensionArgs(name=name, operator="Exclude", values=list(left_out[name]))
            if name in left_out
            else monitor.DimensionArgs(name=name, operator="Include", values=values)
            for name, values in dimensions.items()
        ],
        # A query that returns no TimeGenerated is evaluated over one period.
        # https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/monitor_scheduled_query_rules_alert_v2
        failing_periods=monitor.ConditionFailingPeriodsArgs(
            number_of_evaluation_periods=1, min_failing_periods_to_alert=1
        ),
    )
    return monitor.ScheduledQueryRuleCriteriaArgs(all_of=[condition])


def query(rule: LogRule, subject: Subject) -> pulumi.Input[str]:
    """Fill the stack's values into the rule's query; the result is plain text if all are known."""
    values: dict[str, Any] = rule.values(subject)
    if any(isinstance(value, pulumi.Output) for value in values.values()):
        return pulumi.Output.all(**values).apply(lambda known: render(rule.query, **known))
    return render(rule.query, **values)
