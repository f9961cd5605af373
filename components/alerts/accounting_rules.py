"""Rules on the accounting itself: that every call is logged, and its tokens known.

Rows arrive up to a quarter of an hour late. A rule that compares two logs, or a log with metrics,
ends half an hour ago, so that a late row is not taken for a missing one.
https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""

from __future__ import annotations

from datetime import timedelta

from components.alerts.rule import ALL, CRITICAL, ERROR, FEW_CALLS, WARNING, LogRule
from queries.library import Expression

ARRIVED = timedelta(minutes=30)
"""Age from which on a row counts as arrived."""
ARRIVED_MINUTE = Expression("bin(ago(30m), 1m)")
"""`ARRIVED`, at the edge of a minute: metrics count whole minutes, logs do not."""
CALLS_OF_AN_HOUR = 50
"""Calls an hour below which one call is more than the two percent that `reconcile` tolerates."""
FEW_CALLS_OF_A_DAY = 100
"""Calls a day below which a few percent are chance: four of a weekend's 36 are over ten percent."""
BY_KEY = "an API key, not an identity"
"""What bypass.kql says of requests with a key."""

ACCOUNTING_RULES = (
    LogRule(
        name="silence",
        title="Calls are not logged",
        severity=CRITICAL,
        meaning=(
            "Metrics count requests, and the log has no row at all (silent), or neither metrics "
            "nor rows arrive any more (nothing arrives): nothing is accounted for."
        ),
        remedy=(
            "run silence.kql for since when and which log, then `python -m queries.check`: it "
            "names what differs from what was declared; `pulumi up --refresh` puts it back."
        ),
        query="silence",
        since=Expression("bin(ago(6h), 1m)"),
        until=ARRIVED_MINUTE,
        column="Missing",
        aggregation="Total",
        threshold=5,
        unit="requests",
        dimensions={"Resource": ALL, "State": ("silent", "nothing arrives")},
        narrowed=lambda subject: {
            "Resource": [
                resource.apply(str.lower)
                for resource in (
                    *subject.accounts.values(),
                    *([subject.gateway_id] if subject.every_call_is_logged else []),
                )
            ]
        },
        window="PT6H",
        query_range="P1D",
        frequency="PT15M",
    ),
    LogRule(
        name="reconcile",
        title="The logs hold fewer calls or tokens than Azure counted",
        severity=ERROR,
        meaning=(
            "For one hour a log holds fewer calls or tokens than Azure counted, by more than the "
            "allowed share, and they did not come around the gateway."
        ),
        remedy=(
            "run reconcile.kql for the hour, the log and the deployment, then "
            "`python -m queries.check`: it names what differs from what was declared."
        ),
        query="reconcile",
        parameters=lambda subject: {
            "identity": subject.gateway_principal_id,
            "minimumCalls": CALLS_OF_AN_HOUR,
        },
        applies=lambda subject: subject.every_call_is_logged,
        # Whole hours that have arrived; the first is read only for calls that end in the next.
        since=Expression("bin(ago(30m), 1h) - 5h"),
        until=Expression("bin(ago(30m), 1h)"),
        column="MissingPercent",
        aggregation="Maximum",
        # Below a loss of one row in twenty, and above one call of fifty: such a call may have
        # been counted beyond its hour's edge.
        threshold=2,
        unit="%",
        dimensions={"Log": ALL, "Deployment": ALL},
        window="PT6H",
        query_range="P1D",
        frequency="PT1H",
    ),
    LogRule(
        name="bypass",
        title="Calls around the gateway",
        severity=ERROR,
        meaning="Requests reached the account by another identity than the gateway's.",
        remedy=(
            "run bypass.kql for who and from where; remove that identity's role on the account, "
            "and see with `pulumi preview --refresh` that local authentication is still off."
        ),
        query="bypass",
        parameters=lambda subject: {"identity": subject.gateway_principal_id},
        since=timedelta(hours=1),
        column=None,
        aggregation="Count",
        threshold=0,
        unit="requests",
        dimensions={"Deployment": ALL, "ObjectId": ALL, "Why": ALL},
        excluded=lambda subject: {
            "ObjectId": subject.other_callers,
            "Why": (BY_KEY,) if subject.takes_keys else (),
        },
        window="PT1H",
        query_range="PT2H",
        frequency="PT15M",
    ),
    LogRule(
        name="unaccounted",
        title="Too many calls of unknown tokens",
        severity=WARNING,
        meaning=(
            "For too large a share of a deployment's calls in the last day, the token count is "
            "unknown although they were answered; those that ended without an answer do not count."
        ),
        remedy=(
            "run tokens-unknown.kql: it names the reason of each call, then `python -m "
            "queries.check`: the policy must ask streams for their tokens (streamUsage: ensure) "
            "and set the accounting header, and the LLM log must be on; `pulumi up --refresh` puts "
            "them back. Streams of an api-version before 2024-09-01-preview tell none."
        ),
        query="coverage",
        parameters=lambda _: {"minimumCalls": FEW_CALLS_OF_A_DAY},
        since=timedelta(hours=24),
        until=ARRIVED,
        column="UnknownPercent",
        aggregation="Maximum",
        threshold=10,
        unit="%",
        dimensions={"Deployment": ALL},
        window="P1D",
        query_range="P2D",
        # A day's share changes slowly: an alert near its threshold, evaluated hourly, would flap.
        frequency="PT6H",
    ),
    LogRule(
        name="llm-silence",
        title="Calls without a row in the LLM log",
        severity=ERROR,
        meaning="The gateway logs a deployment's calls, but most have no row in the LLM log.",
        remedy=(
            "run coverage.kql for since when, then `python -m queries.check`: it tells whether the "
            "API's diagnostic still has LLM logging on; `pulumi up --refresh` puts it back."
        ),
        query="coverage",
        parameters=lambda _: {"minimumCalls": FEW_CALLS},
        applies=lambda subject: subject.llm_logging,
        since=timedelta(hours=3),
        until=ARRIVED,
        column="WithoutLlmRowPercent",
        aggregation="Maximum",
        threshold=50,
        unit="%",
        dimensions={"Deployment": ALL},
        window="PT4H",
        query_range="PT4H",
        frequency="PT15M",
    ),
)
