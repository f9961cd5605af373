"""All that the parts of the page are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queries.outputs import Target
from queries.report.ask import Answer
from queries.report.period import Period
from queries.report.tables import Section
from queries.workspace import Row

NO_ROWS = {
    "silence": "No hour in which metrics count requests that the logs do not have",
    "bypass": "No request is seen to have come around the gateway",
    "filtered": "No call is seen to have been stopped by a content filter",
    "unknown": "No call of unknown tokens",
    "cut": "No text is cut or missing",
    "errors": "No call failed",
}
"""What it means that a question has no rows, where that is good news."""

NOBODY = "(no consumer)"
"""Who made calls that were refused before they were anybody's: without a valid key, say."""
UNAUTHORIZED = 401


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The stack, the period, and the workspace's answers by question."""

    target: Target
    period: Period
    answers: Mapping[str, Answer]
    consumer: str = ""
    """Whose page this is, where all rows are of that consumer; "" for that of the whole stack."""

    @property
    def dimensions(self) -> Sequence[tuple[str, str]]:
        """Return the columns by which use is drawn, each with what it is called."""
        by = (("Consumer", "consumer"), ("Deployment", "deployment"))
        return by[1:] if self.consumer else by

    def rows(self, key: str) -> list[Row]:
        """Return the rows of a question; none if it was not asked or had no answer."""
        return [_attributed(row) for row in self.answers[key].rows] if key in self.answers else []

    def section(self, key: str, title: str, about: str, *questions: str) -> Section:
        """Return a part made from these questions, which says which of them are empty and why."""
        asked = {key: self.answers[key] for key in questions if key in self.answers}
        found = Section(
            id=key,
            title=title,
            about=about,
            files=list(dict.fromkeys(f"queries/{answer.file}.kql" for answer in asked.values())),
        )
        for question, answer in asked.items():
            if answer.failed:
                found.warnings.append(f"{answer.file}.kql had no answer: {answer.why}.")
            elif answer.why:
                remark = f"{answer.file}.kql: {answer.why}."
                found.remarks += [] if remark in found.remarks else [remark]
            elif not answer.rows:
                empty = f"{answer.file}.kql has no rows in this period"
                found.remarks.append(f"{NO_ROWS.get(question, empty)}.")
        return found


def _attributed(row: Row) -> Row:
    """Return the row; under `NOBODY` if it has no consumer, all its calls being refused."""
    refused = row.get("ResponseCode") == UNAUTHORIZED or (
        row.get("Calls") and row.get("ClientErrors") == row["Calls"]
    )
    nobody = "Consumer" in row and not row["Consumer"] and refused
    return row | {"Consumer": NOBODY} if nobody else row
