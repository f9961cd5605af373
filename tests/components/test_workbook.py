"""The workbook's document is whole: every tab, field, metric and row of its documentation."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from components.insights.workbook import stable_name
from components.insights.workbook.account_picker import Listed
from components.insights.workbook.document import document, serialized
from components.insights.workbook.tabs import TABS
from components.insights.workbook.tiles import LogTile, MetricTile
from harness.example import ROOT
from queries import library
from tests.components import account_metrics

Json = dict[str, Any]
GROUP = "/subscriptions/0/resourceGroups/rg/providers"
WORKSPACE = f"{GROUP}/Microsoft.OperationalInsights/workspaces/log"
ACCOUNT = f"{GROUP}/Microsoft.CognitiveServices/accounts/oai"
BOOK = document(WORKSPACE, [Listed(id=ACCOUNT)], {})
LOG_TILES = [
    tile
    for tab in TABS
    for tile in tab.tiles
    if isinstance(tile, LogTile) and not library.of_several(tile.query)
]
METRIC_TILES = [tile for tab in TABS for tile in tab.tiles if isinstance(tile, MetricTile)]
PAGE = (ROOT / "docs" / "workbook.md").read_text()

INTEGRATION = {
    "active_tokens",
    "azure_open_ai_requests",
    "blocked_volume",
    "generated_completion_tokens",
    "harmful_volume_detected",
    "processed_fine_tuned_training_hours",
    "processed_inference_tokens",
    "processed_prompt_tokens",
    "prompt_token_cache_match_rate",
    "provisioned_managed_utilization",
    "provisioned_managed_utilization_v2",
    "time_to_response",
    "total_volume_sent_for_safety_check",
}
"""https://docs.datadoghq.com/integrations/azure-openai/"""


def objects(value: Any) -> Iterator[Json]:
    """Every object of the document."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def of_type(kind: int, where: Any = BOOK) -> list[Json]:
    return [item for item in objects(where) if item.get("type") == kind and "content" in item]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under that heading of docs/workbook.md, without its head."""
    table = PAGE.partition(f"## {heading}\n\n")[2].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_names_and_ids_are_unique() -> None:
    named = Counter(item["name"] for item in objects(BOOK) if "name" in item and "type" in item)
    charts = Counter(item["chartId"] for item in objects(BOOK) if "chartId" in item)
    ids = Counter(item["id"] for item in objects(BOOK) if "id" in item)

    assert max(named.values()) == max(charts.values()) == max(ids.values()) == 1


def test_a_tab_leads_to_each_group_in_their_order() -> None:
    (links,) = of_type(11)
    groups = [item["conditionalVisibility"] for item in of_type(12)]

    assert {group["parameterName"] for group in groups} == {"Tab"}
    assert {link["cellValue"] for link in links["content"]["links"]} == {"Tab"}
    targets = [link["subTarget"] for link in links["content"]["links"]]
    assert targets == [group["value"] for group in groups]


def test_every_parameter_that_is_used_is_there() -> None:
    pickers, *_ = of_type(9)
    everywhere = {field["name"] for field in pickers["content"]["parameters"]}
    for group in of_type(12):
        own = {f["name"] for item in of_type(9, group) for f in item["content"]["parameters"]}
        shown = [
            item["conditionalVisibility"]["parameterName"]
            for item in objects(group)
            if "conditionalVisibility" in item
        ]
        used = {
            name
            for item in of_type(3, group)
            for name in re.findall(r"\{([A-Za-z]\w*)(?::\w+)?\}", item["content"]["query"])
        }
        # The row of tabs sets the parameter Tab.
        assert used | set(shown) <= everywhere | own | {"Tab"}, group["name"]
        if own:
            assert own <= used


def test_the_time_picker_alone_rules_what_is_queried() -> None:
    timed = [item for item in objects(BOOK) if "timeContext" in item]

    assert len(timed) == len(LOG_TILES) + len(METRIC_TILES) + 2
    assert {item["timeContext"]["durationMs"] for item in timed} == {0}
    assert {item["timeContextFromParameter"] for item in timed} == {"TimeRange"}


def test_log_tiles_query_the_workspace_and_metric_tiles_the_account() -> None:
    assert {i for t in of_type(3) for i in t["content"]["crossComponentResources"]} == {WORKSPACE}
    assert {i for t in of_type(10) for i in t["content"]["resourceIds"]} == {ACCOUNT}


def test_no_tab_asks_more_at_once_than_the_service_runs_for_one_user() -> None:
    for tab in TABS:
        assert sum(isinstance(tile, LogTile) for tile in tab.tiles) <= 5, tab.title


def test_every_log_tile_begins_with_a_file_of_the_library() -> None:
    contents = {item["content"]["title"]: item["content"] for item in of_type(3)}
    assert len(contents) == len(LOG_TILES)
    for tile in LOG_TILES:
        head = library.load(tile.query).partition("\nlet ")[0]
        assert contents[tile.title]["query"].startswith(head)
        assert contents[tile.title]["noDataMessage"].endswith(".")


@pytest.mark.parametrize("tile", METRIC_TILES, ids=lambda tile: str(tile.title))
def test_metrics_exist_with_that_category_aggregation_and_dimension(tile: MetricTile) -> None:
    (content,) = [i["content"] for i in of_type(10) if i["content"]["title"] == tile.title]
    assert len(content["metrics"]) == len(tile.metrics)
    for given, metric in zip(content["metrics"], tile.metrics, strict=True):
        known = account_metrics.METRICS[metric.name]
        category = known.category.replace(" - ", "  ")
        assert given["metric"] == f"microsoft.cognitiveservices/accounts-{category}-{metric.name}"
        assert account_metrics.AGGREGATIONS[given["aggregation"]] in known.aggregations
        assert set(given.get("splitBy", [])) <= known.dimensions
    # A chart of several metrics cannot be split.
    # https://learn.microsoft.com/azure/azure-monitor/essentials/metrics-dynamic-scope
    assert len(tile.metrics) == 1 or not tile.split


def test_the_document_reads_as_lines() -> None:
    lines = serialized(WORKSPACE, [Listed(id=ACCOUNT)], {}).splitlines()

    assert len(lines) > 1_000
    assert max(len(line) for line in lines if '"query": ' not in line) < 300


def test_numbers_have_units_and_labels_are_words() -> None:
    for tile in LOG_TILES:
        for column in tile.columns:
            assert re.match(r"(HTTP|[A-Z][a-z]+|\d+th)( |$|:|')", column.label), column
            assert column.format.unit in {0, 1, 17, 23}
    shown = {c.name: c.format.name for tile in LOG_TILES for c in tile.columns}
    assert (shown["Cost"], shown["P95"]) == ("DOLLARS", "MILLISECONDS")
    assert {shown[name] for name in shown if name.endswith("Percent")} == {"PERCENT"}
    assert {shown[name] for name in shown if name.endswith("Tokens")} == {"NUMBER"}


def test_the_name_is_a_uuid_that_stays() -> None:
    assert uuid.UUID(stable_name("abc123")).version == 5
    assert stable_name("abc123") == stable_name("abc123") != stable_name("abc124")


def test_documentation_maps_each_metric_of_the_integration_to_a_tile_that_charts_it() -> None:
    charted = {tile.title: {metric.name for metric in tile.metrics} for tile in METRIC_TILES}
    table = rows("Metrics of the monitoring integration")

    assert {row[0].strip("`") for row in table} == INTEGRATION
    for _, metric, title in table:
        assert metric.strip("`") in charted[title]


def test_documentation_maps_each_dashboard_of_the_portal_to_tiles() -> None:
    titles = {tile.title for tab in TABS for tile in tab.tiles}
    table = {row[0]: set(row[1].split("; ")) for row in rows("Dashboards of the portal")}

    assert set(table) == {
        "HTTP requests",
        "Tokens-based usage",
        "PTU utilisation",
        "Fine-tuning",
    }
    for named in table.values():
        assert named <= titles


def test_what_azure_replaced_is_charted_by_what_replaced_it() -> None:
    charted = {metric.name for tile in METRIC_TILES for metric in tile.metrics}
    titles = {tile.title for tab in TABS for tile in tab.tiles}
    table = rows("What Azure replaced")

    assert table
    for _, instead in table:
        assert any(f"`{metric}`" in instead for metric in charted) or any(
            title in instead for title in titles
        )
