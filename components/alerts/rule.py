"""The parts of an alert rule: data, from which Azure's resources are declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.alerts.subject import Subject
from queries.library import Value, default, has

CRITICAL, ERROR, WARNING, INFORMATIONAL, VERBOSE = range(5)
"""Severities. https://learn.microsoft.com/javascript/api/@azure/arm-cloudhealth/knownalertseverity"""

Parameters = Mapping[str, Value | pulumi.Output[str]]
FEW_CALLS = int(default("error-rate", "minimumCalls"))
"""Calls below which a share or a percentile says nothing."""
ALL = ("*",)
"""Every value of a dimension, future ones too."""


def _always(_: Subject) -> bool:
    return True


def _none(_: Subject) -> Parameters:
    return {}


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """What every alert rule states, be it on logs or on metrics."""

    name: str
    """Key of `alerts` in the stack file."""
    title: str
    severity: int
    meaning: str
    """What has happened when the rule fires."""
    remedy: str
    """What to do, and where to look."""
    frequency: str
    """Time between two evaluations, as an ISO 8601 duration."""
    window: str
    """Time over which one value is measured, as an ISO 8601 duration."""
    operator: str = "GreaterThan"
    threshold: float | None
    """None lets Azure learn the threshold from the metric's past."""
    unit: str = ""
    """Of the threshold, as a person reads it; "" if Azure learns it."""
    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values by which what is measured is told apart: each combination has an alert of its own."""
    enabled: bool = True
    applies: Callable[[Subject], bool] = _always
    """Whether the stack has what the rule watches."""

    def titled(self, stack: str) -> str:
        """Return the title with the stack's name, as notifications show it."""
        return f"{self.title} ({stack})"

    @property
    def description(self) -> str:
        """Return what happened and what to do, as the notification shows it."""
        return f"{self.meaning} What to do: {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class LogRule(AlertRule):
    """A rule on one query of the library.

    Durations that Azure takes, and its other bounds:
    https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/monitor_scheduled_query_rules_alert_v2
    """

    query: str
    """File in `queries/`, without `.kql`."""
    since: Value
    until: Value | None = None
    """None stands for the query's own default, which is now."""
    query_range: str
    """How far back the query sees rows; at most P2D.

    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule
    """
    column: str | None
    """Measured column; None counts rows."""
    aggregation: str
    """How the measured values of one combination of dimensions become one."""
    threshold: float
    parameters: Callable[[Subject], Parameters] = _none
    narrowed: Callable[[Subject], Mapping[str, list[pulumi.Output[str]]]] = lambda _: {}
    """Dimensions of which the rule judges some values only; the stack knows which."""
    excluded: Callable[[Subject], Mapping[str, Sequence[str]]] = lambda _: {}
    """Dimensions of which the rule leaves some values out, if there are any."""

    def values(self, subject: Subject) -> dict[str, Value | pulumi.Output[str]]:
        """Return the value of every parameter of the query, by name."""
        until = {} if self.until is None else {"until": self.until}
        own = {name: value for name, value in subject.own.items() if has(self.query, name)}
        return {"since": self.since, **until, **own, **self.parameters(subject)}


@dataclass(frozen=True, kw_only=True)
class MetricRule(AlertRule):
    """A rule on a platform metric of the Azure OpenAI account.

    https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics
    """

    metric: str
    aggregation: str
    narrowed: Callable[[Subject], Mapping[str, tuple[str, ...]]] = lambda _: {}
    """Dimensions of which only some values are subject, known when the stack is."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a rule's resource is declared, and whom the alert notifies."""

    parent: pulumi.Resource
    resource_group_name: pulumi.Input[str]
    suffix: pulumi.Input[str]
    """End of the resource's name, which is unique in the resource group."""
    action_group_ids: Sequence[pulumi.Input[str]]
    tags: Mapping[str, str]
