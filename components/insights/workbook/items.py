"""Write a workbook's items in its JSON format.

https://github.com/microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from components.insights.workbook.metrics import NAMESPACE, workbook_id
from components.insights.workbook.tiles import Chart, Column, Format, LogTile, MetricTile, Tab, slug

Item = dict[str, Any]

TEXT, LOGS, PARAMETERS, METRICS, LINKS, GROUP = 1, 3, 9, 10, 11, 12
"""Types of items."""

WORKSPACES = "microsoft.operationalinsights/workspaces"
TIME_CONTEXT: Item = {"timeContext": {"durationMs": 0}, "timeContextFromParameter": "TimeRange"}
"""The time picker alone decides: a duration of the item's own would silently cut its rows.

https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-time
"""

NUMBER_FORMATTER, TIME_FORMATTER, THRESHOLD_FORMATTER = 0, 6, 18


def text(name: str, markdown: str) -> Item:
    """Return a paragraph."""
    return {"type": TEXT, "content": {"json": markdown}, "name": name}


def tabs(pages: Iterable[Tab]) -> Item:
    """Return the row of tabs; a click sets the parameter `Tab`; at the start it is the first tab.

    https://github.com/microsoft/Application-Insights-Workbooks/blob/master/Documentation/Links/Links.md
    """
    links = [
        {
            "id": f"tab-{page.name}",
            "cellValue": "Tab",
            "linkTarget": "parameter",
            "linkLabel": page.title,
            "subTarget": page.name,
            "style": "link",
        }
        for page in pages
    ]
    content = {"version": "LinkItem/1.0", "style": "tabs", "links": links}
    return {"type": LINKS, "content": content, "name": "tabs"}


def parameters(name: str, fields: list[Item]) -> Item:
    """Return a row of fields."""
    content = {
        "version": "KqlParameterItem/1.0",
        "parameters": fields,
        "style": "pills",
        "queryType": 0,
        "resourceType": WORKSPACES,
    }
    return {"type": PARAMETERS, "content": content, "name": name}


def group(page: Tab, items: list[Item]) -> Item:
    """Group a tab's items: they are shown, and their queries run, only while the tab is chosen."""
    return {
        "type": GROUP,
        "content": {"version": "NotebookGroup/1.0", "groupType": "editable", "items": items},
        "conditionalVisibility": {
            "parameterName": "Tab",
            "comparison": "isEqualTo",
            "value": page.name,
        },
        "name": f"group-{page.name}",
    }


def log_tile(page: Tab, tile: LogTile, kql: str, workspace_id: str) -> Item:
    """Return a table or chart of a query's rows."""
    content: Item = {
        "version": "KqlItem/1.0",
        "title": tile.title,
        "query": kql,
        "size": 0,
        "noDataMessage": tile.empty,
        **TIME_CONTEXT,
        "queryType": 0,
        "resourceType": WORKSPACES,
        "crossComponentResources": [workspace_id],
        **(_chart(tile.chart) if tile.chart else _table(tile.columns)),
    }
    return _shown(LOGS, content, f"{page.name}-{slug(tile.title)}", tile.width, tile.needs)


def metric_tile(page: Tab, tile: MetricTile, account_ids: Sequence[str]) -> Item:
    """Return a chart of platform metrics."""
    content: Item = {
        "chartId": f"chart-{page.name}-{slug(tile.title)}",
        "version": "MetricsItem/2.0",
        "title": tile.title,
        "size": 0,
        "chartType": 2,
        "resourceType": NAMESPACE,
        "metricScope": 0,
        "resourceIds": list(account_ids),
        **TIME_CONTEXT,
        "metrics": [
            {
                "namespace": NAMESPACE,
                "metric": workbook_id(metric.name),
                "aggregation": metric.aggregation.value,
                "columnName": metric.label,
                **({"splitBy": [tile.split], "splitByLimit": 10} if tile.split else {}),
            }
            for metric in tile.metrics
        ],
    }
    return _shown(METRICS, content, f"{page.name}-{slug(tile.title)}", tile.width)


def _shown(kind: int, content: Item, name: str, width: int, needs: str = "") -> Item:
    item = {"type": kind, "content": content, "customWidth": str(width), "name": name}
    if needs:
        # Without a value, the comparison asks whether the parameter is set.
        shown = {"parameterName": needs, "comparison": "isNotEqualTo"}
        return {**item, "conditionalVisibility": shown}
    return item


def _chart(chart: Chart) -> Item:
    settings = {
        "xAxis": chart.x,
        "yAxis": [column.name for column in chart.y],
        **({"group": chart.group} if chart.group else {}),
        "showLegend": True,
        "seriesLabelSettings": []
        if chart.group
        else [{"seriesName": column.name, "label": column.label} for column in chart.y],
        "ySettings": {"label": chart.y[0].label, "numberFormatSettings": _number(chart.y[0])},
    }
    return {"visualization": chart.kind, "chartSettings": settings}


def _table(columns: tuple[Column, ...]) -> Item:
    settings = {
        "formatters": [_formatter(c) for c in columns if c.format is not Format.TEXT or c.empty],
        "labelSettings": [{"columnId": column.name, "label": column.label} for column in columns],
        "filter": True,
    }
    return {"visualization": "table", "gridSettings": settings}


def _formatter(column: Column) -> Item:
    if column.format is Format.TIME:
        return {"columnMatch": column.name, "formatter": TIME_FORMATTER}
    number = {"columnMatch": column.name, "numberFormat": _number(column)}
    if column.yellow is None and column.red is None:
        return {**number, "formatter": NUMBER_FORMATTER}
    return {
        **number,
        "formatter": THRESHOLD_FORMATTER,
        "formatOptions": {"thresholdsOptions": "colors", "thresholdsGrid": _thresholds(column)},
    }


def _number(column: Column) -> Item:
    options: Item = {"useGrouping": True, "maximumFractionDigits": column.format.digits}
    if column.format is Format.DOLLARS:
        options |= {"style": "currency", "currency": "USD"}
    else:
        options |= {"style": "decimal"}
    empty = {"emptyValCustomText": column.empty} if column.empty else {}
    return {"unit": column.format.unit, "options": options, **empty}


def _thresholds(column: Column) -> list[Item]:
    steps = [(column.red, "redBright"), (column.yellow, "yellow")]
    grid: list[Item] = [
        {
            "operator": ">=",
            "thresholdValue": str(limit),
            "representation": colour,
            "text": "{0}{1}",
        }
        for limit, colour in steps
        if limit is not None
    ]
    default = {"operator": "Default", "representation": "green", "text": "{0}{1}"}
    return [*grid, {**default, "thresholdValue": None}]
