"""Rules on calls: whether they succeed, how fast they are, and what they cost."""

from __future__ import annotations

from datetime import timedelta

from components.alerts.rule import ALL, ERROR, FEW_CALLS, WARNING, LogRule
from queries.library import default

BY_CONSUMER = {"Consumer": ALL, "Deployment": ALL}
NEARLY_TWO_DAYS = timedelta(hours=47)
"""The most that a query may ask for which looks an hour further back: Azure shows it two days."""
SUSTAINED_MINUTES = default("capacity", "minutes")
"""Minutes of an hour near the limit that make a deployment too small: one or two are chance."""

CALL_RULES = (
    LogRule(
        name="errors",
        title="Calls fail",
        severity=ERROR,
        meaning=(
            "More than the allowed share of a consumer's calls to a deployment failed in the last "
            "hour."
        ),
        remedy=(
            "run gateway-errors.kql: it says who refused them, the gateway or the model endpoint, "
            "and why; retries.kql says whether callers recovered."
        ),
        query="error-rate",
        parameters=lambda _: {"minimumCalls": FEW_CALLS},
        since=timedelta(hours=1),
        column="FailedPercent",
        aggregation="Maximum",
        threshold=5,
        unit="%",
        dimensions=BY_CONSUMER,
        window="PT1H",
        query_range="PT2H",
        frequency="PT15M",
    ),
    LogRule(
        name="throttling",
        title="Calls are throttled",
        severity=WARNING,
        meaning=(
            "More than the allowed share of a consumer's calls in the last hour got 429 or met a "
            "quota."
        ),
        remedy=(
            "see capacity.kql for the deployment's peak against its limit, tokens-by-consumer.kql "
            "for who used it up; raise the capacity, or set a token limit on the consumer."
        ),
        query="error-rate",
        parameters=lambda _: {"minimumCalls": FEW_CALLS},
        since=timedelta(hours=1),
        column="ThrottledPercent",
        aggregation="Maximum",
        threshold=10,
        unit="%",
        dimensions=BY_CONSUMER,
        window="PT1H",
        query_range="PT2H",
        frequency="PT15M",
    ),
    LogRule(
        name="latency",
        title="Calls are slow",
        severity=WARNING,
        meaning="One in twenty of a consumer's calls to a deployment took too many milliseconds.",
        remedy=(
            "run latency.kql: BackendP95 against P95 tells the model endpoint from the gateway; "
            "time-to-first-token.kql tells long answers from slow ones."
        ),
        query="latency",
        parameters=lambda _: {"minimumCalls": FEW_CALLS},
        since=timedelta(hours=1),
        column="P95",
        aggregation="Maximum",
        threshold=60_000,
        unit="ms",
        dimensions=BY_CONSUMER,
        window="PT1H",
        query_range="PT1H",
        frequency="PT15M",
    ),
    LogRule(
        name="capacity",
        title="A deployment nears its limit",
        severity=WARNING,
        meaning=(
            f"In at least {SUSTAINED_MINUTES} minutes of the last hour a deployment came near the "
            "tokens a minute that it has."
        ),
        remedy=(
            "see capacity.kql for the busiest minute, tokens-by-consumer.kql for the consumer; "
            "raise the deployment's capacity in the stack file, within the quota of the region."
        ),
        query="capacity",
        parameters=lambda subject: {"capacities": subject.capacities},
        applies=lambda subject: bool(subject.capacities),
        since=timedelta(hours=1),
        column="SustainedPercent",
        aggregation="Maximum",
        threshold=90,
        unit="%",
        dimensions={"Deployment": ALL},
        window="PT1H",
        query_range="PT2H",
        frequency="PT15M",
    ),
    LogRule(
        name="budget",
        title="At yesterday's pace a consumer will exceed its monthly budget",
        severity=WARNING,
        meaning=(
            "At its pace of the last day a consumer would use more than its monthly budget allows "
            "(percent of the day's even share)."
        ),
        remedy=(
            "run budgets.kql since the first of the month for the month's total, and "
            "cost-by-consumer.kql for what it was spent on; talk to the consumer, or limit its "
            "tokens at the gateway."
        ),
        query="budgets",
        parameters=lambda subject: {
            "budgets": subject.budgets,
            "prices": subject.prices,
            "provisioned": list(subject.provisioned),
        },
        applies=lambda subject: bool(subject.budgets),
        since=timedelta(hours=24),
        column="Percent",
        aggregation="Maximum",
        # A consumer that calls on working days only spends the month's budget in as few as 20 days.
        threshold=150,
        unit="%",
        dimensions={"Consumer": ALL, "Unit": ALL},
        window="P1D",
        query_range="P2D",
        frequency="PT1H",
    ),
    LogRule(
        name="retirement",
        title="A model that is in use retires",
        severity=WARNING,
        operator="LessThanOrEqual",
        meaning="Azure soon retires the model of a deployment that is still called (days left).",
        remedy=(
            "run retirements.kql for date and calls; deploy the model's successor beside it, move "
            "the callers, then remove the old deployment from the stack file."
        ),
        query="retirements",
        parameters=lambda subject: {"retirements": subject.retirements},
        applies=lambda subject: bool(subject.retirements),
        since=NEARLY_TWO_DAYS,
        column="DaysLeft",
        aggregation="Minimum",
        threshold=60,
        unit="days",
        dimensions={"Deployment": ALL, "Model": ALL},
        window="P2D",
        query_range="P2D",
        frequency="PT6H",
    ),
)
