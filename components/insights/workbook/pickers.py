"""The workbook's fields: time, consumer, deployment, and the correlation id of one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.insights.workbook import items
from components.insights.workbook.items import Item
from components.insights.workbook.tiles import CALL_PARAMETER
from queries import library
from queries.library import Expression, Value

DAY_MS = 24 * 60 * 60 * 1000
RANGES = (DAY_MS // 24, DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS)
"""Choices of the time picker, in milliseconds: an hour, a day, one and two weeks, 30 days."""

PICKED = ("Consumer", "Deployment")
"""Columns that every tile is filtered by, if its query has them."""

ALL = "*"
"""Value of a drop-down while everything is chosen."""

TIMES: Mapping[str, Value] = {
    "since": Expression("{TimeRange:start}"),
    "until": Expression("{TimeRange:end}"),
    "step": Expression("{TimeRange:grain}"),
}
"""Queries' parameters that follow the time picker; the portal writes them as KQL.

https://github.com/microsoft/Application-Insights-Workbooks/blob/master/Documentation/Parameters/Time.md
"""


def picked(column: str) -> str:
    """Return the KQL operator that keeps what the column's drop-down chose."""
    return f'| where "{ALL}" in ({{{column}}}) or {column} in ({{{column}}})'


def pickers(workspace_id: str, figures: Mapping[str, Value]) -> Iterator[Item]:
    """Yield the fields above the tabs."""
    yield {
        "id": "time-range",
        "version": "KqlParameterItem/1.0",
        "name": "TimeRange",
        "label": "Time",
        "type": 4,
        "isRequired": True,
        "value": {"durationMs": DAY_MS},
        "typeSettings": {
            "selectableValues": [{"durationMs": duration} for duration in RANGES],
            "allowCustom": True,
        },
    }
    yield from (_drop_down(column, workspace_id, figures) for column in PICKED)


def _drop_down(column: str, workspace_id: str, figures: Mapping[str, Value]) -> Item:
    """Return a list of a column's values, any of which can be chosen; all are at first.

    https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-dropdowns
    """
    found = f"| where isnotempty({column})\n| distinct {column}\n| order by {column} asc"
    return {
        "id": column.lower(),
        "version": "KqlParameterItem/1.0",
        "name": column,
        "label": column,
        "type": 2,
        "isRequired": True,
        "multiSelect": True,
        "quote": '"',
        "delimiter": ",",
        "query": f"{library.fill('consumers', {**TIMES, **figures}).rstrip()}\n{found}",
        "crossComponentResources": [workspace_id],
        "typeSettings": {
            "additionalResourceOptions": ["value::all"],
            "selectAllValue": ALL,
            "showDefault": False,
        },
        **items.TIME_CONTEXT,
        "defaultValue": "value::all",
        "value": ["value::all"],
        "queryType": 0,
        "resourceType": items.WORKSPACES,
    }


def call_field() -> Item:
    """Return the field for a correlation id; other text never becomes part of a query."""
    rule = {
        "regExp": "^[0-9A-Za-z-]{1,64}$",
        "match": True,
        "message": "A correlation id has letters, digits and hyphens only",
    }
    return {
        "id": "call",
        "version": "KqlParameterItem/1.0",
        "name": CALL_PARAMETER,
        "label": "Correlation id",
        "type": 1,
        "value": "",
        "typeSettings": {"paramValidationRules": [rule]},
    }
