"""The workbook's content, as a dictionary and as the JSON that Azure stores."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from components.insights.workbook import account_picker, items
from components.insights.workbook.account_picker import Listed
from components.insights.workbook.items import Item
from components.insights.workbook.pickers import PICKED, TIMES, call_field, picked, pickers
from components.insights.workbook.tabs import TABS
from components.insights.workbook.tiles import LogTile, MetricTile, Tab
from queries import library
from queries.library import Value

VERSION = "Notebook/1.0"
SCHEMA = (
    "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
)

UNFILTERED = (
    "Platform metrics of the account, which the pickers of consumer and deployment do not filter:"
)
UNFILTERED_OF_ALL = "Platform metrics of all accounts, which the pickers do not filter:"


def serialized(workspace_id: str, accounts: Sequence[Listed], figures: Mapping[str, Value]) -> str:
    """Return the workbook as JSON, indented so that a change shows as lines.

    The slashes of ARM ids are escaped, as JSON allows: of a text that holds a whole ARM id, the
    provider sees no change beside that id. https://github.com/pulumi/pulumi-azure-native/issues/3620
    """
    text = json.dumps(document(workspace_id, accounts, figures), indent=2)
    return re.sub("/(subscriptions)/", r"\\/\1\\/", text, flags=re.IGNORECASE)


def document(workspace_id: str, accounts: Sequence[Listed], figures: Mapping[str, Value]) -> Item:
    """Return the workbook's content.

    Args:
        workspace_id: ARM id of the workspace that the log tiles query.
        accounts: the accounts whose metrics are charted; one of several can be chosen for logs.
        figures: values of queries' parameters, by name; a query without one of them ignores it.
    """
    figures = account_picker.chosen(accounts, figures)
    fields = [*account_picker.field(accounts), *pickers(workspace_id, figures)]
    return {
        "version": VERSION,
        "items": [
            items.parameters("pickers", fields),
            items.tabs(TABS),
            *(_page(page, workspace_id, accounts, figures) for page in TABS),
        ],
        "fallbackResourceIds": [workspace_id],
        "$schema": SCHEMA,
    }


def kql(tile: LogTile, figures: Mapping[str, Value]) -> str:
    """Compose the tile's query: its file filled in, the pickers' filters, its limit, its tail.

    The file's limit of rows comes after the filters, so that it counts the chosen rows only.
    """
    columns = library.columns(tile.query)
    text, limit = library.unlimited(library.fill(tile.query, {**TIMES, **figures, **tile.values}))
    return "\n".join(
        [
            text,
            *(picked(column) for column in PICKED if column in columns),
            *([f"| take {limit}"] if limit and not tile.all_rows else []),
            *tile.tail,
        ]
    )


def _page(
    page: Tab, workspace_id: str, accounts: Sequence[Listed], figures: Mapping[str, Value]
) -> Item:
    texts = [items.text(f"note-{page.name}", page.note)] if page.note else []
    fields = [items.parameters("call", [call_field()])] if page.asks_for_call else []
    several = library.is_many(figures.get(library.ACCOUNT, ""))
    logs = [
        items.log_tile(page, tile, kql(tile, figures), workspace_id)
        for tile in page.tiles
        if isinstance(tile, LogTile) and (several or not library.of_several(tile.query))
    ]
    metrics = [
        items.metric_tile(page, tile, [one.id for one in accounts])
        for tile in page.tiles
        if isinstance(tile, MetricTile)
    ]
    unfiltered = UNFILTERED_OF_ALL if accounts[1:] else UNFILTERED
    if metrics:
        metrics.insert(0, items.text(f"metrics-{page.name}", unfiltered))
    return items.group(page, [*texts, *fields, *logs, *metrics])
