"""Logs are kept as long as they may be needed, and no longer."""

from __future__ import annotations

from collections.abc import Iterator

from rules.finding import Finding, expect
from rules.parameters import Config, Parameter
from rules.resource import Resource, whole_number

WORKSPACES = "Microsoft.OperationalInsights/workspaces"
TABLES = "Microsoft.OperationalInsights/workspaces/tables"
AS_WORKSPACE = (None, -1)

LEAST = Parameter("minimumDays", 30, "Least days that logs are kept", {"minimum": 4})
MOST = Parameter(
    "maximumDays", 730, "Most days that logs are kept, in an archive too", {"maximum": 4383}
)


def within_bounds(holder: Resource, config: Config) -> Iterator[Finding]:
    """A workspace states its retention; a table may state one of its own, and one in an archive.

    https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure
    """
    least, most = LEAST.read(config), MOST.read(config)
    inherits = holder.is_a(TABLES)
    yield from expect(
        holder,
        "retentionInDays",
        lambda found: (inherits and found in AS_WORKSPACE) or least <= whole_number(found) <= most,
        wanted=f"{least} to {most} days",
        fix=f"set retentionInDays to a number from {least} to {most}",
    )
    if inherits:
        yield from expect(
            holder,
            "totalRetentionInDays",
            lambda found: found in AS_WORKSPACE or least <= whole_number(found) <= most,
            wanted=f"{least} to {most} days, or -1 for no more than retentionInDays",
            fix=f"set totalRetentionInDays to a number from {least} to {most}",
        )
