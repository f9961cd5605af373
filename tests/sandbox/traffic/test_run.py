"""What the verb leaves behind, what it does again, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from tests.sandbox.traffic.conftest import NAMES, Traffic, fill


def remove(folder: Path, arm_type: str) -> None:
    cloud = Cloud(folder)
    with cloud.change():
        for one in cloud.of_type(arm_type):
            cloud.remove(one.id)


def test_the_same_seed_and_end_make_the_same_truth(traffic: Traffic, fresh: Path) -> None:
    assert fill(fresh) == 0
    assert Traffic(fresh).truth == traffic.truth


def test_another_seed_makes_another(traffic: Traffic, fresh: Path) -> None:
    assert fill(fresh, "--seed", "8") == 0
    ids = {one["correlation"] for one in Traffic(fresh).truth["calls"]}
    assert not ids & {one["correlation"] for one in traffic.truth["calls"]}


def test_the_cloud_is_as_before(traffic: Traffic, stack: Path) -> None:
    before, after = ((folder / "cloud.json").read_text() for folder in (stack, traffic.folder))
    assert after == before
    keys = [traffic.cloud.subscription_key(one, "primary") for one in traffic.cloud.all()]
    assert not any(key in (traffic.folder / "traffic.json").read_text() for key in keys)


def test_ends_before_its_end_even_in_the_middle_of_the_batch(fresh: Path) -> None:
    more = ("--days", "1", "--calls-per-day", "500", "--until", "2026-01-16T02:00:00+00:00")
    assert fill(fresh, *more) == 0
    traffic = Traffic(fresh)
    last = max(one["time"] for one in traffic.truth["calls"] if not one["retry"])
    assert "2026-01-16T01:45" < last < "2026-01-16T01:55"
    for table in ("ApiManagementGatewayLogs", "AzureDiagnostics", "AzureMetrics"):
        (row,) = traffic.query(f"{table} | summarize Last = max(TimeGenerated)")
        assert row["Last"][:19] < traffic.truth["until"][:19]


@pytest.mark.parametrize("lost", NAMES[1:])
def test_fewer_consumers_share_the_habits(fresh: Path, lost: str) -> None:
    cloud = Cloud(fresh)
    with cloud.change():
        for one in cloud.of_type("Microsoft.ApiManagement/service/subscriptions"):
            if one.name in NAMES[NAMES.index(lost) :]:
                cloud.remove(one.id)
    assert fill(fresh) == 0
    truth = Traffic(fresh).truth
    kept = set(NAMES[: NAMES.index(lost)])
    assert {one["consumer"] for one in truth["calls"]} == {"", *kept}
    assert sum(len(habits) for habits in truth["habits"].values()) == 4


def test_without_an_embedding_model_and_the_responses_api(fresh: Path) -> None:
    cloud = Cloud(fresh)
    with cloud.change():
        for one in cloud.all():
            if one.name in ("text-vectors", "V1_Responses_Create"):
                cloud.remove(one.id)
    assert fill(fresh) == 0
    calls = Traffic(fresh).truth["calls"]
    assert {one["operation"] for one in calls} == {"ChatCompletions_Create"}


@pytest.mark.parametrize("days", ["1", "30"])
def test_shortest_and_longest(fresh: Path, days: str) -> None:
    assert fill(fresh, "--days", days, "--calls-per-day", "20") == 0
    truth = json.loads((fresh / "traffic.json").read_text())
    times = [one["time"] for one in truth["calls"]]
    assert truth["from"] <= min(times) < max(times) < truth["until"]
    assert all(truth["from"] < window["from"] for window in truth["incidents"].values())
    assert all(window["until"] <= truth["until"] for window in truth["incidents"].values())


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--days", "0"), "--days is 0, not 1 to 30"),
        (("--days", "31"), "--days is 31, not 1 to 30"),
        (("--calls-per-day", "5"), "--calls-per-day is 5, not 20 to 1000"),
        (("--until", "2999-01-01"), "is in the future"),
    ],
)
def test_values_out_of_range(
    refused: Callable[..., str], fresh: Path, more: tuple[str, ...], says: str
) -> None:
    assert says in refused(fresh, *more)
    assert not (fresh / "traffic.json").exists()


def test_an_end_that_is_no_time(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fill(fresh, "--until", "yesterday")
    assert ended.value.code == 2
    assert "'yesterday' is no time in ISO 8601" in capsys.readouterr().err


def test_no_folder(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "there is no sandbox in" in refused(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_no_stack(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "no stack is deployed in" in refused(tmp_path)


@pytest.mark.parametrize(
    ("arm_type", "says"),
    [
        ("Microsoft.ApiManagement/service/subscriptions", "no active consumer"),
        ("Microsoft.CognitiveServices/accounts/deployments", "no deployment of a chat model"),
    ],
)
def test_a_stack_with_a_part_missing(
    refused: Callable[..., str], fresh: Path, arm_type: str, says: str
) -> None:
    remove(fresh, arm_type)
    assert says in refused(fresh)


def test_twice(refused: Callable[..., str], fresh: Path) -> None:
    assert fill(fresh) == 0
    assert "traffic.json tells of traffic that is there already" in refused(fresh)
