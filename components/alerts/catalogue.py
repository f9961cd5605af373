"""Every alert rule, as data.

A log alert is billed by how often it is evaluated, and every quarter of an hour or less often is
the cheapest class: no rule on logs is evaluated more often.
https://azure.microsoft.com/pricing/details/monitor/
An alert resolves by itself after two or three evaluations in a row without trouble.
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview
"""

from __future__ import annotations

from components.alerts.accounting_rules import ACCOUNTING_RULES
from components.alerts.call_rules import CALL_RULES
from components.alerts.metric_rules import METRIC_RULES
from components.alerts.rule import LogRule, MetricRule

LOG_RULES: tuple[LogRule, ...] = (*CALL_RULES, *ACCOUNTING_RULES)
RULES: tuple[LogRule | MetricRule, ...] = (*METRIC_RULES, *LOG_RULES)
NAMES = tuple(rule.name for rule in RULES)
"""Keys of `alerts` in the stack file."""
LEARNT = tuple(rule.name for rule in RULES if rule.threshold is None)
"""Rules without a threshold of their own."""
