"""Every alert rule, as data.

Azure bills a log alert by how often it is evaluated. Every 15 minutes is the shortest interval of
the cheapest class, so no rule on logs is evaluated more often.
https://azure.microsoft.com/pricing/details/monitor/
An alert resolves by itself after two or three evaluations in a row that find no trouble.
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
"""Names of the rules whose threshold Azure learns."""
