"""The workbook's queries run as the portal sends them, and keep people's words to one page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from components.insights.saved_queries import figures_query, read_from
from components.insights.workbook.account_picker import Listed
from components.insights.workbook.document import document, kql
from components.insights.workbook.tabs import TABS
from components.insights.workbook.tiles import LogTile, Tab
from queries import library
from tests.queries.database import NOW, Database
from tests.queries.portal import fill
from tests.queries.test_analyzer import analyze
from tests.queries.truth import COMPLETIONS, FILTERED, Call, gateway_row, llm_rows

MARKER = "the-secret-of-the-caller"
FIGURES: dict[str, Any] = {
    "api": "miyagi-api",
    "prices": {"gpt": {"input": 2.0, "output": 10.0}},
    "provisioned": ["reserved"],
    "budgets": {"aoai-a": {"tokens": 1_000_000, "cost": 50}},
    "capacities": {"chat": 10},
    "retirements": {"chat": {"model": "gpt", "retires": "2027-02-14"}},
    "gateway": "/gateway",
    "account": "/sub/account",
    "identity": "the-gateway",
}
TILES = [(tab, tile) for tab in TABS for tile in tab.tiles if isinstance(tile, LogTile)]
LAST = TABS[-1]
Answer = Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
IDS = [f"{tab.name}: {tile.title}" for tab, tile in TILES]


def said(**given: Any) -> Call:
    """A call whose prompt and answer hold the marker."""
    words = {"prompt": f"my name is {MARKER}", "answers": (f"hello {MARKER}",)}
    return Call(**{**words, **given})


CALLS = (
    said(id="plain"),
    said(id="streamed", stream=True),
    said(id="other", consumer="aoai-b", deployment="other"),
    said(id="old-api", operation=COMPLETIONS),
    said(id="long", prompt=MARKER * 1_500),
    said(id="unknown", lost=frozenset({0, 1, 2}), bodies=False),
    said(id="cut", answers=(MARKER * 1_000,), lost=frozenset({0})),
    said(id="no-price", lost=frozenset({0}), operation=COMPLETIONS),
    said(id="throttled", status=429, tokens=(0, 0), error={"error": {"message": MARKER}}),
    said(id="broken", status=500, tokens=(0, 0), error={"error": {"message": MARKER}}),
    said(id="filtered", status=400, backend=400, error={**FILTERED, "prompt": MARKER}),
)


@pytest.fixture(scope="module")
def database() -> Database:
    """Rows of every table, with the marker wherever a text can be."""
    database = Database()
    for minutes, call in enumerate(CALLS):
        time = NOW - timedelta(hours=3, minutes=minutes)
        database.add("ApiManagementGatewayLogs", **gateway_row(call, time))
        database.add_all("ApiManagementGatewayLlmLog", llm_rows(call, time))
    database.add(
        "AzureDiagnostics",
        CorrelationId="around",
        ResourceProvider="MICROSOFT.COGNITIVESERVICES",
        Category="RequestResponse",
        OperationName="ChatCompletions_Create",
        ResultSignature="200",
        properties_s=json.dumps({"modelDeploymentName": "chat", "objectId": "someone"}),
        TimeGenerated=NOW - timedelta(hours=2),
        _ResourceId="/sub/account",
    )
    for hours in (2, 3):
        database.add(
            "AzureMetrics",
            TimeGenerated=NOW - timedelta(hours=hours),
            MetricName="Requests",
            Total=50.0,
            _ResourceId="/gateway",
        )
    return database


@pytest.fixture(scope="module")
def answer(database: Database) -> Answer:
    """Columns and rows of a query; each query runs once."""
    return cache(database.answer)


def test_the_analyzer_accepts_every_query_filled_as_the_portal_does() -> None:
    queries = {
        f"{tab.name}: {tile.title}": fill(
            kql(tile, FIGURES), consumers=("aoai-a", "aoai-b"), call="0-a"
        )
        for tab, tile in TILES
    }
    for field in drop_downs():
        queries[field["name"]] = fill(field["query"])

    found = analyze(queries)

    assert not [(name, wrong) for name, wrong in found.items() if wrong]
    assert len(found) == len(TILES) + 2


@pytest.mark.parametrize(("tab", "tile"), TILES, ids=IDS)
def test_every_tile_shows_rows_with_its_columns(tab: Tab, tile: LogTile, answer: Answer) -> None:
    columns, rows = answer(fill(kql(tile, FIGURES), call="long"))

    assert rows, f"{tab.title} shows nothing"
    if tile.chart is None:
        assert columns == [column.name for column in tile.columns]
    else:
        wanted = [tile.chart.x, tile.chart.group, *(column.name for column in tile.chart.y)]
        assert set(columns) == set(wanted)
        drawn = [
            (row[columns.index(tile.chart.x)], row[columns.index(tile.chart.group)]) for row in rows
        ]
        assert len(set(drawn)) == len(drawn), "two points of one line at one time"


@pytest.mark.parametrize(("tab", "tile"), TILES, ids=IDS)
def test_words_of_callers_are_on_the_last_page_alone(
    tab: Tab, tile: LogTile, answer: Answer
) -> None:
    query = kql(tile, FIGURES)
    asked = ("long", "filtered") if "{Call}" in query else ("",)
    rows = [row for call in asked for row in answer(fill(query, call=call))[1]]

    shown = MARKER in str(rows)

    assert rows
    assert shown is (tab is LAST and tile.query == "conversation")


def test_every_tile_is_filtered_by_the_pickers_that_its_query_has_columns_for() -> None:
    for tab, tile in TILES:
        for picker in ("Consumer", "Deployment"):
            filtered = f'\n| where "*" in ({{{picker}}}) or {picker} in ({{{picker}}})'
            expected = picker in library.columns(tile.query)
            assert (filtered in kql(tile, FIGURES)) is expected, (tab.title, tile.title)


@pytest.mark.parametrize("choice", ["consumers", "deployments"])
def test_pickers_leave_what_was_chosen(choice: str, answer: Answer) -> None:
    column = {"consumers": "Consumer", "deployments": "Deployment"}[choice]
    tiles = [t for tab, t in TILES if tab is TABS[0] and column in library.columns(t.query)]

    assert len(tiles) >= 3
    for tile in tiles:
        assert answer(fill(kql(tile, FIGURES)))[1]
        chosen: dict[str, Any] = {choice: ("nobody",)}
        assert answer(fill(kql(tile, FIGURES), **chosen))[1] == []


def test_a_choice_of_two_is_the_sum_of_both(database: Database) -> None:
    (tile,) = [tile for _, tile in TILES if tile.title == "In short"]

    def calls(*consumers: str) -> int:
        (row,) = database.ask(fill(kql(tile, FIGURES), consumers=consumers))
        return int(row["Calls"])

    assert calls("aoai-b") == 1
    assert calls("aoai-a", "aoai-b") == calls("*") == len(CALLS)


def test_drop_downs_list_each_value_once(database: Database) -> None:
    listed = {field["name"]: database.answer(fill(field["query"]))[1] for field in drop_downs()}

    assert listed == {
        "Consumer": [("aoai-a",), ("aoai-b",)],
        "Deployment": [("chat",), ("other",)],
    }


def test_a_model_without_a_price_has_none_and_one_with_a_price_costs(database: Database) -> None:
    (tile,) = [tile for _, tile in TILES if tile.title.startswith("Cost by consumer")]

    priced = database.ask(fill(kql(tile, FIGURES)))
    unpriced = database.ask(fill(kql(tile, {**FIGURES, "prices": {}})))

    costs = [row["Cost"] for row in priced if row["Model"] == "gpt" and row["Priced"] == "yes"]
    assert costs
    assert all(cost > 0 for cost in costs)
    assert {row["Cost"] for row in unpriced if row["Priced"] == "no price"} == {None}


def test_figures_of_the_stack_reach_the_queries_that_take_them() -> None:
    text = {tile.title: kql(tile, FIGURES) for _, tile in TILES}

    assert 'let budgets = dynamic({"aoai-a": {"tokens": 1000000, "cost": 50}});' in text["Budgets"]
    assert 'let capacities = dynamic({"chat": 10});' in text["Capacity"]
    assert 'let identity = "the-gateway";' in text["Requests around the gateway"]
    assert '"retires": "2027-02-14"' in text["Models near retirement"]


def test_no_tile_and_no_drop_down_counts_the_calls_of_another_api() -> None:
    asked = {tile.title: kql(tile, FIGURES) for _, tile in TILES}
    asked |= {field["name"]: field["query"] for field in drop_downs()}
    taking = [text for text in asked.values() if "\nlet api = " in text]

    assert len(taking) > 10
    assert all('\nlet api = "miyagi-api";' in text for text in taking)


def test_figures_are_read_from_the_stacks_function(database: Database) -> None:
    figures = read_from("Figures", FIGURES)
    function = f"let Figures = {figures_query(FIGURES)};"
    tiles = {tile.title: tile for _, tile in TILES if "(Figures |" in kql(tile, figures)}
    asked = {title: f"{function}\n{fill(kql(t, figures))}" for title, t in tiles.items()}

    assert {title: found for title, found in analyze(asked).items() if found} == {}
    for title, tile in tiles.items():
        # A chart's rows of one time come in any order.
        by_function, by_value = (
            sorted(map(str, database.ask(query)))
            for query in (asked[title], fill(kql(tile, FIGURES)))
        )
        assert by_function == by_value, title


def test_calls_that_no_filter_could_judge_are_counted(database: Database) -> None:
    (tile,) = [tile for _, tile in TILES if tile.title == "Content filter in short"]

    (row,) = database.ask(fill(kql(tile, FIGURES)))
    (one,) = database.ask(fill(kql(tile, FIGURES), deployments=("other",)))

    assert (row["StoppedCalls"], one["StoppedCalls"]) == (1, 0)
    listed = database.ask(library.render("content-filter", unread=1))
    assert row["UnreadCalls"] == sum(each["Stopped"] == "unknown" for each in listed) > 1
    assert one["UnreadCalls"] == 1


def test_a_limit_of_rows_is_of_what_was_chosen() -> None:
    for _, tile in TILES:
        lines = kql(tile, FIGURES).splitlines()
        limits = [place for place, line in enumerate(lines) if line.startswith("| take")]
        chosen = [place for place, line in enumerate(lines) if '| where "*" in' in line]

        has_limit = "\n| take" in library.load(tile.query)
        assert len(limits) == (has_limit and not tile.all_rows)
        assert not limits or max(chosen, default=0) < limits[0]


def test_drop_downs_read_no_answer_of_a_model() -> None:
    """They run with every page, before its tiles."""
    for field in drop_downs():
        assert "ResponseBody" not in field["query"]


def drop_downs() -> list[dict[str, Any]]:
    """The fields that offer values."""
    pickers = document("/workspace", [Listed(id="/account")], FIGURES)["items"][0]
    return [field for field in pickers["content"]["parameters"] if "query" in field]
