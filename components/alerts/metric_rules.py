"""Rules on the account's platform metrics, which arrive within seconds and need no log."""

from __future__ import annotations

from components.alerts.rule import ALL, WARNING, MetricRule

DEPLOYMENT = "ModelDeploymentName"
SENSITIVITY = "Medium"
VIOLATIONS, PERIODS = 3, 4
"""The alert fires if 3 of 4 quarters of an hour are out of the learnt range: one spike is no alert.

Azure learns for 3 days and 30 samples before it fires, and needs 3 weeks for a weekly pattern.
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-dynamic-thresholds
"""

METRIC_RULES = (
    MetricRule(
        name="token-usage",
        title="Token usage far above the account's own past",
        severity=WARNING,
        meaning="The account used far more tokens than is usual for it at this time.",
        remedy=(
            "see in the workbook, tab Tokens and cost, which consumer and deployment grew "
            "(tokens-by-consumer.kql); a leaked key is replaced at the gateway's subscription."
        ),
        metric="TokenTransaction",
        aggregation="Total",
        threshold=None,
        window="PT15M",
        frequency="PT15M",
    ),
    MetricRule(
        name="harmful-calls",
        title="Harmful calls",
        severity=WARNING,
        meaning="The content filter found more harmful prompts or completions than is tolerated.",
        remedy=(
            "see in the workbook, tab Safety, of which category; content-filter.kql says which "
            "calls were stopped and who made them, streamed answers apart; a harmful call that no "
            "filter stopped is in metrics only. If it is abuse, suspend the consumer: its state in "
            "the stack file."
        ),
        metric="RAIHarmfulRequests",
        aggregation="Total",
        threshold=5,
        unit="calls",
        window="PT1H",
        frequency="PT15M",
        dimensions={DEPLOYMENT: ALL},
    ),
    MetricRule(
        name="ptu-utilization",
        title="Provisioned throughput nearly used up",
        severity=WARNING,
        meaning="A provisioned deployment is near the point at which Azure answers 429.",
        remedy=(
            "see in the workbook, tab PTU and fine-tuning, since when; spill over to a deployment "
            "paid by the token, move a consumer, or raise the deployment's capacity."
        ),
        metric="AzureOpenAIProvisionedManagedUtilizationV2",
        aggregation="Average",
        threshold=90,
        unit="%",
        window="PT15M",
        frequency="PT5M",
        applies=lambda subject: bool(subject.provisioned),
        dimensions={DEPLOYMENT: ALL},
        narrowed=lambda subject: {DEPLOYMENT: subject.provisioned},
    ),
)
