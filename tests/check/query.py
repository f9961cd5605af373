"""What the check asks of the workspace in memory: a query's text, and what its lines say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from tests.check.stack import Row

SPLIT_ID = re.compile(r'strcat\("(/subscriptions)", "([^"]*)"\)')
"""How a query names an ARM id, of which it must not hold a whole one."""


@dataclass(frozen=True)
class Query:
    """A query's text, and what its lines say."""

    kql: str
    table: str
    since: datetime
    until: datetime
    limit: int | None
    ordered: bool
    marker: str
    """What the wanted rows hold; "" if none is wanted before others."""
    ids: str
    """Ids of the wanted rows."""

    @staticmethod
    @cache
    def of(kql: str) -> Query:
        """Read a query; the check asks the same ones look after look."""
        kql = SPLIT_ID.sub(r'"\1\2"', kql)
        since, until = re.findall(r"datetime\(([^)]+)\)", kql)[:2]
        given = dict(re.findall(r'^let (\w+) = "(.*)";$', kql, re.MULTILINE))
        wanted = "Wanted" in kql
        limit = re.search(r"\| take (\d+)\s*$", kql)
        return Query(
            kql=kql,
            table=next((line for line in kql.splitlines() if line[:3] in {"Api", "Azu"}), ""),
            since=datetime.fromisoformat(since),
            until=datetime.fromisoformat(until),
            limit=int(limit[1]) if limit else None,
            ordered="order by" in kql,
            marker=given.get("marker", "") if wanted else "",
            ids=given.get("correlations", "") + given.get("requests", "") if wanted else "",
        )

    def first(self, rows: list[Row]) -> list[Row]:
        """As `order by` and `take` say: the wanted ones first if the query has them, the newest."""

        def rank(row: Row) -> tuple[bool, datetime]:
            own = [row.get(name) for name in ("CorrelationId", "RequestId") if row.get(name)]
            known = any(str(one) in self.ids for one in own)
            return known or bool(self.marker and self.marker in str(row)), row["TimeGenerated"]

        if self.ordered:
            rows = sorted(rows, key=rank, reverse=True)
        return rows if self.limit is None else rows[: self.limit]


def summed(rows: list[Row], kql: str) -> list[Row]:
    """As metrics.kql sums: each minute's row once, if it says so, and each resource by itself."""
    if "by TimeGenerated" in kql:
        each = ("TimeGenerated", "Resource", "MetricName")
        rows = list({tuple(row[name] for name in each): row for row in rows}.values())
    by = ("Resource", "MetricName") if "by Resource" in kql else ("MetricName",)
    totals: dict[tuple[str, ...], float] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        totals[key] = totals.get(key, 0) + row["Total"]
    return [{**dict(zip(by, key, strict=True)), "Total": total} for key, total in totals.items()]
