"""Rows arrive late, out of order, and stay."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from azure.core.exceptions import HttpResponseError

from sandbox.logs import store
from tests.sandbox.logs.conftest import ALL, CUSTOMER, GATEWAY, WORKSPACE, World


def send(world: World, *names: str, age: timedelta = timedelta()) -> None:
    world.setting(GATEWAY, logAnalyticsDestinationType="Dedicated", **ALL)
    for name in names:
        row = {"CorrelationId": name, "TimeGenerated": datetime.now(UTC) - age}
        world.telemetry.emit(GATEWAY, "GatewayLogs", row)


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Time that stands still, for what lets rows be seen, until seconds pass."""
    now = [time.time()]
    monkeypatch.setattr(store, "time", SimpleNamespace(time=lambda: now[0]))

    def passing(seconds: float) -> None:
        now[0] += seconds

    return passing


def test_a_table_does_not_exist_before_its_first_visible_row(
    world: World, passing: Callable[[float], None]
) -> None:
    late = world.again(ingestion_delay=0.4)
    send(late, "a")
    with pytest.raises(HttpResponseError) as caught:
        late.ask("ApiManagementGatewayLogs | where CorrelationId == 'a'")
    assert caught.value.status_code == 400
    assert caught.value.model is not None
    assert caught.value.model.message == (  # what the client makes of the innermost error
        "'where' operator: Failed to resolve table or column expression named "
        "'ApiManagementGatewayLogs'"
    )
    passing(0.4)
    assert len(late.ask("ApiManagementGatewayLogs")) == 1


def test_rows_become_visible_out_of_order_and_repeatably(
    world: World, passing: Callable[[float], None]
) -> None:
    slow = world.again(ingestion_delay=0.3)
    names = [f"r{n}" for n in range(8)]
    send(slow, *names)
    passing(0.3)
    seen = [row["CorrelationId"] for row in slow.ask("ApiManagementGatewayLogs")]
    assert sorted(seen) == names
    assert seen != names


def test_rows_outlive_the_run_and_the_workspace(world: World) -> None:
    send(world, "a")
    with world.cloud.change():
        world.cloud.remove(WORKSPACE, soft=True)
    send(world, "lost")
    with pytest.raises(HttpResponseError, match="WorkspaceNotFoundError"):
        world.ask("ApiManagementGatewayLogs")
    again = world.again()
    again.put(WORKSPACE, "Microsoft.OperationalInsights/workspaces", customerId=CUSTOMER)
    assert again.ask("ApiManagementGatewayLogs | project CorrelationId") == [{"CorrelationId": "a"}]


def test_rows_written_by_many_threads_and_two_runs_are_all_there(world: World) -> None:
    send(world)
    runs = [world, world.again()]
    threads = [
        threading.Thread(target=run.telemetry.emit, args=(GATEWAY, "GatewayLogs", {"Url": "x" * n}))
        for run in runs
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.ask("ApiManagementGatewayLogs | count") == [{"Count": 40}]


def test_timespan_narrows_to_rows_generated_in_it(world: World) -> None:
    send(world, "new")
    send(world, "old", age=timedelta(hours=3))
    query = "ApiManagementGatewayLogs | project CorrelationId"
    now = datetime.now(UTC)
    assert len(world.ask(query)) == 2
    assert world.ask(query, timespan=timedelta(hours=1)) == [{"CorrelationId": "new"}]
    interval = (now - timedelta(hours=4), now - timedelta(hours=2))
    assert world.ask(query, timespan=interval) == [{"CorrelationId": "old"}]
    assert world.ask(query, timespan=(interval[0], timedelta(hours=1.5))) == [
        {"CorrelationId": "old"}
    ]
    assert world.ask(query, timespan=(now + timedelta(hours=1), timedelta(hours=1))) == []
