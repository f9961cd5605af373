"""The workbook of several accounts: with one chosen, each tile shows what that one did alone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from components.insights.workbook import account_picker
from components.insights.workbook.account_picker import Listed
from components.insights.workbook.document import document, kql
from components.insights.workbook.tabs import TABS
from components.insights.workbook.tiles import LogTile, Tab
from tests.queries.database import NOW, Database
from tests.queries.portal import fill
from tests.queries.test_analyzer import analyze
from tests.queries.test_workbook_kql import CALLS, FIGURES
from tests.queries.truth import gateway_row, llm_rows

GROUP = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts"
LABELS = ("weu", "swc")
ACCOUNTS = [
    Listed(label=one, id=f"{GROUP}/oai-{one}", backend_url=f"https://{one}.example.com/openai")
    for one in LABELS
]
OF_BOTH: dict[str, Any] = {
    **FIGURES,
    "account": [one.id for one in ACCOUNTS],
    "names": {one.host: one.label for one in ACCOUNTS}
    | {f"0/rg/oai-{one.label}": one.label for one in ACCOUNTS},
    "limits": {f"{one}/chat": 10 for one in LABELS},
}
TILES = [(tab, tile) for tab in TABS for tile in tab.tiles if isinstance(tile, LogTile)]
IDS = [f"{tab.name}: {tile.title}" for tab, tile in TILES]


def of(*labels: str) -> Database:
    """Calls that the accounts answered in turn, of which the rows of some accounts are there."""
    database = Database()
    for minutes, call in enumerate((*CALLS, *CALLS)):
        account = ACCOUNTS[minutes % 2]
        if account.label not in labels:
            continue
        time = NOW - timedelta(hours=3, minutes=minutes)
        database.add(
            "ApiManagementGatewayLogs",
            **gateway_row(call, time)
            | {"BackendUrl": f"{account.backend_url}/x", "CorrelationId": f"call-{minutes}"},
        )
        rows = [row | {"CorrelationId": f"call-{minutes}"} for row in llm_rows(call, time)]
        database.add_all("ApiManagementGatewayLlmLog", rows)
    for account in ACCOUNTS:
        if account.label not in labels:
            continue
        database.add(
            "AzureDiagnostics",
            CorrelationId=f"around-{account.label}",
            ResourceProvider="MICROSOFT.COGNITIVESERVICES",
            Category="RequestResponse",
            OperationName="ChatCompletions_Create",
            ResultSignature="200",
            properties_s=json.dumps({"modelDeploymentName": "chat", "objectId": "someone"}),
            TimeGenerated=NOW - timedelta(hours=2),
            _ResourceId=account.id.lower(),
        )
        database.add(
            "AzureMetrics",
            TimeGenerated=NOW - timedelta(hours=2),
            MetricName="AzureOpenAIRequests",
            Total=50.0,
            _ResourceId=account.id.lower(),
        )
    return database


@pytest.fixture(scope="module")
def worlds() -> dict[tuple[str, ...], Database]:
    return {LABELS: of(*LABELS), ("swc",): of("swc")}


def asked(tile: LogTile, database: Database, account: str) -> list[tuple[Any, ...]]:
    figures = account_picker.chosen(ACCOUNTS, OF_BOTH)
    filled = fill(kql(tile, figures), account=account)
    return database.answer(filled)[1]


@pytest.mark.parametrize(("tab", "tile"), TILES, ids=IDS)
def test_a_tile_is_of_the_chosen_account_alone(
    tab: Tab, tile: LogTile, worlds: dict[tuple[str, ...], Database]
) -> None:
    chosen = asked(tile, worlds[LABELS], "swc")
    alone = asked(tile, worlds["swc",], "*")

    assert asked(tile, worlds[LABELS], "*")
    assert sorted(map(str, chosen)) == sorted(map(str, alone))


def test_the_analyzer_accepts_every_query_with_an_account() -> None:
    figures = account_picker.chosen(ACCOUNTS, OF_BOTH)
    queries = {
        name: fill(kql(tile, figures), account="swc")
        for name, (_, tile) in zip(IDS, TILES, strict=True)
    }
    found = analyze(queries)

    assert not [(name, wrong) for name, wrong in found.items() if wrong]


def test_the_field_lists_the_accounts_where_there_is_a_choice() -> None:
    def fields(count: int) -> list[dict[str, Any]]:
        figures = OF_BOTH if count > 1 else FIGURES
        made = document("/workspace", ACCOUNTS[:count], figures)
        found: list[dict[str, Any]] = made["items"][0]["content"]["parameters"]
        return [one for one in found if one["name"] == account_picker.PARAMETER]

    assert fields(1) == []
    (field,) = fields(2)
    assert [one["value"] for one in json.loads(field["jsonData"])] == ["*", *LABELS]
    assert field["value"] == "*"
