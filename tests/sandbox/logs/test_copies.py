"""Second copies: what settings send to storage and hubs, as Microsoft's own client reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from queries.blobs import Blobs, NoBlobsError, hours_between
from sandbox import arm
from sandbox.cloud import Cloud
from sandbox.errors import ArmError
from sandbox.http import LOOPBACK
from sandbox.logs import Copies, Telemetry, Workspaces, blob_endpoint
from sandbox.logs.blobs import AUDIENCE, SUFFIX
from sandbox.network import Network
from sandbox.options import Options
from tests.copies import GROUP, RULE, STORAGE, put
from tests.sandbox.logs.conftest import World

SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim-x"
NOON = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)
ROW = {"TimeGenerated": NOON, "CorrelationId": "one", "Url": "https://x/é", "ResponseCode": 200}
ENTRY = {"TimeGenerated": NOON, "CorrelationId": "one"}
BLOB = f"resourceId={SERVICE.upper()}/y=2026/m=11/d=28/h=12/m=00/PT1H.json"
ENDPOINT = "https://stcopies.blob.core.windows.net"


class Place:
    """A gateway whose logs are copied into storage, and the real client of that storage."""

    def __init__(self, folder: Path, **properties: Any) -> None:
        put(folder, reader=True, **properties)
        self.cloud, self.options = Cloud(folder), Options(folder=folder, ingestion_delay=0)
        self.copies = Copies(folder, self.options)
        workspaces = Workspaces(folder, self.options)
        self.telemetry = Telemetry(self.cloud, workspaces, self.copies)
        world = World(folder, audience=AUDIENCE)
        world.put(SERVICE, "Microsoft.ApiManagement/service")
        self.cloud.__init__(folder)  # type: ignore[misc]
        self.credential = world
        self.network = Network(folder)
        self.network.register(
            lambda host: host.endswith(SUFFIX), blob_endpoint(self.cloud, self.copies)
        )
        self.port = 0

    def set(self, name: str = "archive", **properties: Any) -> None:
        """Make a diagnostic setting of the gateway, by Azure's rules."""
        logs = [{"categoryGroup": "allLogs", "enabled": True}]
        given = {"logs": logs, "storageAccountId": STORAGE, **properties}
        setting = f"{SERVICE}/providers/Microsoft.Insights/diagnosticSettings/{name}"
        body = {"properties": {key: value for key, value in given.items() if value}}
        arm.put(self.cloud, self.options, setting, "2021-05-01-preview", body)

    def client(self, credential: Any = None) -> BlobServiceClient:
        given = credential or self.credential
        return BlobServiceClient(
            ENDPOINT,
            given,
            proxies={"https": f"http://{LOOPBACK}:{self.port}"},
            connection_verify=str(self.network.authority),
            retry_total=0,
        )

    def reader(self, credential: Any = None) -> Blobs:
        made = Blobs(ENDPOINT)
        made._client = self.client(credential)
        return made

    def read(self, category: str = "GatewayLogs", resource: str = SERVICE) -> list[Any]:
        return self.reader().records(category, resource, hours_between(NOON, NOON))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    with made.network.serve() as made.port:
        yield made


def test_a_row_lies_in_the_blob_of_its_hour_and_category(place: Place) -> None:
    place.set()
    place.telemetry.emit(SERVICE, "GatewayLogs", ROW)
    place.telemetry.emit(SERVICE, "GatewayLlmLogs", {**ENTRY, "TotalTokens": 7})
    place.telemetry.emit(SERVICE, "GatewayLogs", {**ROW, "CorrelationId": "two"})
    container = place.client().get_container_client("insights-logs-gatewaylogs")
    assert list(container.list_blob_names()) == [BLOB]
    lines = container.download_blob(BLOB).readall().decode().splitlines()
    assert [json.loads(line)["correlationId"] for line in lines] == ["one", "two"]
    first = json.loads(lines[0])
    assert first["time"] == "2026-11-28T12:30:00.0000000Z"
    assert (first["resourceId"], first["category"]) == (SERVICE.upper(), "GatewayLogs")
    assert first["properties"] == {"url": "https://x/é", "responseCode": 200}
    assert [one["correlationId"] for one in place.read()] == ["one", "two"]
    assert [one["correlationId"] for one in place.read("GatewayLlmLogs")] == ["one"]


def test_other_hours_and_resources_are_not_read(place: Place) -> None:
    place.set()
    place.telemetry.emit(SERVICE, "GatewayLogs", ROW)
    later = NOON.replace(hour=13)
    assert place.reader().records("GatewayLogs", SERVICE, hours_between(later, later)) == []
    assert place.read(resource=SERVICE + "-other") == []
    place.set("archive", logs=[{"category": "WebSocketConnectionLogs", "enabled": True}])
    place.telemetry.emit(SERVICE, "GatewayLogs", {**ROW, "CorrelationId": "two"})
    assert len(place.read()) == 1


def test_nothing_is_there_before_the_first_row(place: Place) -> None:
    place.set()
    with pytest.raises(NoBlobsError, match="no record") as error:
        place.read()
    assert error.value.later


def test_long_blobs_and_many_are_read_whole(place: Place) -> None:
    place.set()
    text = "x" * 40_000
    for number in range(1_000):
        row = {**ROW, "CorrelationId": str(number), "RequestBody": text}
        place.copies._append(
            "stcopies",
            ["insights-logs-gatewaylogs", BLOB],
            {"correlationId": row["CorrelationId"], "properties": row},
        )
    assert len(place.read()) == 1_000


def test_who_may_not_read_is_told_so(place: Place) -> None:
    place.set()
    place.telemetry.emit(SERVICE, "GatewayLogs", ROW)
    stranger = World(place.cloud.folder, audience=AUDIENCE, caller="c0ffee00-0000-4000-8000-1")
    hours = hours_between(NOON, NOON)
    with pytest.raises(NoBlobsError, match="AuthorizationPermissionMismatch") as error:
        place.reader(stranger).records("GatewayLogs", SERVICE, hours)
    assert "Storage Blob Data Reader" in error.value.fix
    wrong = World(place.cloud.folder, audience="https://vault.azure.net")
    with pytest.raises(NoBlobsError, match="InvalidAuthenticationInfo"):
        place.reader(wrong).records("GatewayLogs", SERVICE, hours)
    key = {"account_name": "stcopies", "account_key": "c2VjcmV0"}
    with pytest.raises(NoBlobsError, match="KeyBasedAuthenticationNotPermitted"):
        place.reader(key).records("GatewayLogs", SERVICE, hours)


POLICY = {"state": "Unlocked", "immutabilityPeriodSinceCreationInDays": 7}
CLOSED = {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}


@pytest.mark.parametrize(
    ("properties", "kept"),
    [
        ({}, 2),
        (CLOSED, 0),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "Logging, AzureServices"}}, 2),
        ({"immutableStorageWithVersioning": {"enabled": True, "immutabilityPolicy": POLICY}}, 1),
        (
            {
                "immutableStorageWithVersioning": {
                    "enabled": True,
                    "immutabilityPolicy": {**POLICY, "allowProtectedAppendWrites": True},
                }
            },
            2,
        ),
    ],
)
def test_what_an_account_lets_in(tmp_path: Path, properties: dict[str, Any], kept: int) -> None:
    place = Place(tmp_path, **properties)
    place.set()
    for _ in range(2):
        place.telemetry.emit(SERVICE, "GatewayLogs", ROW)
    blobs = place.copies.containers("stcopies").get("insights-logs-gatewaylogs", {})
    assert len(blobs.get(BLOB, [])) == kept


def test_events_go_to_a_hub_of_their_category_or_to_the_one_named(place: Place) -> None:
    place.set(storageAccountId="", eventHubAuthorizationRuleId=RULE)
    place.telemetry.emit(SERVICE, "GatewayLogs", ROW)
    assert set(place.copies.containers("evhns-copies.hubs")) == {"insights-logs-gatewaylogs"}
    with pytest.raises(ArmError, match="was not found"):
        place.set(storageAccountId="", eventHubAuthorizationRuleId=RULE, eventHubName="logs")


def test_a_category_goes_to_one_place_once(place: Place) -> None:
    place.set()
    with pytest.raises(ArmError, match="already used in diagnostic setting 'archive'"):
        place.set("second", storageAccountId=STORAGE.upper().replace("/SUBSCR", "/subscr"))
    place.set("second", storageAccountId="", eventHubAuthorizationRuleId=RULE)
    with pytest.raises(ArmError, match="At least one data sink"):
        place.set("third", storageAccountId="")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"location": "westus"}, "must be in the same region"),
        ({"sku": "Premium_LRS"}, "premium storage accounts take no logs"),
    ],
)
def test_storage_that_takes_no_logs(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    place = Place(tmp_path, **change)
    with pytest.raises(ArmError, match=said):
        place.set()


def test_a_rule_without_all_rights_is_refused(place: Place) -> None:
    arm.put(place.cloud, place.options, RULE, "2024-01-01", {"properties": {"rights": ["Send"]}})
    with pytest.raises(ArmError, match="Manage, Send and Listen"):
        place.set(storageAccountId="", eventHubAuthorizationRuleId=RULE)
