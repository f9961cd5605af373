"""What came: the rows of each source, the library's answers, and why there is nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from queries.check.fields import ids, text
from queries.check.records import Run
from queries.workspace import Row

Source = Literal[
    "gateway",
    "llm",
    "account",
    "gateway-metrics",
    "account-metrics",
    "account-minutes",
    "gateway-whole",
    "llm-whole",
    "diagnostics-whole",
    "every-table",
    "gateway-others",
    "llm-others",
    "account-others",
]
SOURCES: tuple[Source, ...] = get_args(Source)
"""In the order in which their answers are taken."""
GATEWAY_LOG, LLM_LOG, DIAGNOSTICS = (
    "ApiManagementGatewayLogs",
    "ApiManagementGatewayLlmLog",
    "AzureDiagnostics",
)
TABLES: dict[Source, str] = {
    "gateway-whole": GATEWAY_LOG,
    "llm-whole": LLM_LOG,
    "diagnostics-whole": DIAGNOSTICS,
}
"""Sources that give rows with every column."""
LINKING: set[Source] = {"gateway", "llm"}
"""Sources whose rows tell which gateway id belongs to which call."""
WAVES: tuple[tuple[Source, ...], ...] = (
    ("gateway",),
    ("llm",),
    tuple(source for source in SOURCES if source not in LINKING),
)
"""What is asked at once: the gateway's ids find rows of the LLM log, and both find the rest."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows by the source that was asked for them, at one moment; a look makes new ones of it."""

    by_source: Mapping[Source, list[Row]] = field(default_factory=dict)
    silent: Mapping[Source, str] = field(default_factory=dict)
    """Why a source gave no answer at the last look."""
    leaks: frozenset[str] = frozenset()
    """Where a row of any look holds a secret."""
    runs: Mapping[str, Run] = field(default_factory=dict)
    """How each query of the library ran."""
    changed: datetime | None = None
    """When a look last brought more or fewer rows."""
    now: datetime | None = None
    """When the last look was."""
    last: bool = False
    """No look comes after it."""
    links: dict[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    """Gateway ids by a call's marker, once searched for; kept until a row of either log comes."""

    def of(self, source: Source) -> list[Row]:
        """Return rows of a source; none if it was not asked or had none."""
        return self.by_source.get(source, [])

    def took(self, source: Source, rows: list[Row]) -> Rows:
        """Replace a source's rows by those of a look.

        Rows with every column are many, and come in any order: sorted, they are soon compared.
        """
        before = self.of(source)
        if source in TABLES:
            rows = sorted(rows, key=_order)
        if source in self.by_source and source not in self.silent and rows == before:
            return self
        other = source in LINKING and ids(rows) != ids(before)
        return replace(
            self,
            by_source={**self.by_source, source: rows},
            silent={one: why for one, why in self.silent.items() if one != source},
            changed=self.changed if len(rows) == len(before) else self.now,
            links={} if other else self.links,
        )

    def missed(self, source: Source, reason: str) -> Rows:
        """Note why a source gave no answer; the rows of its last answer stay."""
        if self.silent.get(source) == reason:
            return self
        return replace(self, silent={**self.silent, source: reason})

    def still_for(self) -> timedelta:
        """Return how long the looks have brought the same number of rows."""
        return self.now - self.changed if self.now and self.changed else timedelta()


def _order(row: Row) -> tuple[str, str]:
    return text(row, "CorrelationId"), text(row, "SequenceNumber")
