"""An acceptance run: what it may touch, what it deploys, and what it makes of two lives."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken

from sandbox import beliefs
from sandbox.cloud import SUBSCRIPTION_ID
from tools.acceptance import __main__ as program
from tools.acceptance import clean, offers, prices, refusals
from tools.acceptance import life as one_life
from tools.acceptance.arm import Arm, ForeignError, NoAnswerError
from tools.acceptance.events import Outcome, facts, operations
from tools.acceptance.plan import Plan

IDS = {one.id for one in beliefs.beliefs()}
PLAN = Plan(
    suffix="a1b2c3d4",
    location="eastus",
    subscription=SUBSCRIPTION_ID,
    email="a@b.example",
    timeout=1,
)


class Credential:
    def get_token(self, *_: str) -> AccessToken:
        return AccessToken("t", 0)


def impatient() -> Arm:
    """Ask as somebody who waits for nothing."""
    return Arm(PLAN, sleep=lambda _: None, _credential=Credential())


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Arm:
    monkeypatch.setattr(Arm, "send", refuse_to_ask)
    return impatient()


def refuse_to_ask(*_: Any, **__: Any) -> httpx.Response:
    raise AssertionError("nothing is to be asked")


@pytest.mark.parametrize(
    "path",
    [
        "/subscriptions/x/resourceGroups/rg-prod",
        f"{PLAN.group_id}-2",
        f"{PLAN.group_id}/../rg-prod",
        PLAN.deleted_id("account") + "-2",
        f"/subscriptions/{SUBSCRIPTION_ID}",
        PLAN.group_id.replace("/resourceGroups/", "/resourceGroups/rg-prod/"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH"])
def test_nothing_but_its_own_is_ever_changed(
    monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    monkeypatch.setattr(httpx, "request", refuse_to_ask)
    with pytest.raises(ForeignError, match="not of this run"):
        impatient().send(method, path, "2024-03-01")


def test_its_own_may_be_changed(arm: Arm) -> None:
    for path in (PLAN.group_id, PLAN.id("gateway"), PLAN.deleted_id("account")):
        arm.check_own(path)
    for method, path, _, _ in refusals.requests(PLAN).values():
        if method != "GET":
            arm.check_own(path)


def model(name: str, **more: Any) -> dict[str, Any]:
    sku = {"name": "GlobalStandard", "usageName": f"OpenAI.GlobalStandard.{name}"}
    plain = {"format": "OpenAI", "name": name, "version": "1", "skus": [sku]}
    chat = {"capabilities": {"chatCompletion": "true"}, "lifecycleStatus": "GenerallyAvailable"}
    return {"kind": "OpenAI", "model": {**plain, **chat, **more}}


DELETED = (
    f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.OperationalInsights/deletedWorkspaces"
)
LEFT = {f"OpenAI.GlobalStandard.{name}": 50.0 for name in ("a", "b", "c")}


@pytest.mark.parametrize(
    ("models", "left", "expected"),
    [
        ([model("a"), model("b")], LEFT, ("b", 10)),
        ([model("a"), model("c")], LEFT, ("a", 10)),
        ([model("a"), model("b")], {**LEFT, "OpenAI.GlobalStandard.b": 0.0}, ("a", 10)),
        ([model("a"), model("b", lifecycleStatus="Deprecating")], LEFT, ("a", 10)),
        ([model("b", capabilities={"embeddings": "true"}), model("a")], LEFT, ("a", 10)),
        ([model("b")], {"OpenAI.GlobalStandard.b": 3.0}, ("b", 3)),
    ],
)
def test_a_model_is_one_that_can_be_deployed_and_that_the_sandbox_knows_if_there_is(
    models: list[dict[str, Any]], left: dict[str, float], expected: tuple[str, int]
) -> None:
    chosen = offers._best(models, left, ["b"], "eastus")
    assert (chosen["model"], chosen["capacity"]) == expected


@pytest.mark.parametrize(
    ("models", "left", "says"),
    [
        ([], LEFT, "offers this subscription no chat model"),
        ([model("a")], {}, "no quota of GlobalStandard"),
        ([model("a", lifecycleStatus="Deprecated")], LEFT, "no chat model"),
    ],
)
def test_without_a_model_it_is_told_before_anything_is_made(
    models: list[dict[str, Any]], left: dict[str, float], says: str
) -> None:
    with pytest.raises(offers.NoModelError, match=says):
        offers._best(models, left, [], "eastus")


def test_facts_of_a_log_are_steps_differences_errors_and_violations(tmp_path: Path) -> None:
    urn = "urn:pulumi:s::p::aoai:index:X$azure-native:apimanagement:Api::openai-api"
    step = {"op": "update", "urn": urn, "type": "azure-native:apimanagement:Api"}
    error = f'error: Status=409 Code="Conflict" Message="no" <{{%reset%}}>{urn}'
    events = [
        {"timestamp": 10, "resourcePreEvent": {"metadata": step | {"diffs": ["value", "path"]}}},
        {"timestamp": 75, "resOutputsEvent": {"metadata": step}},
        {"timestamp": 80, "resOutputsEvent": {"metadata": step | {"op": "same"}}},
        {"timestamp": 81, "diagnosticEvent": {"severity": "error", "urn": urn, "message": error}},
        {
            "timestamp": 82,
            "policyEvent": {"policyName": "x", "resourceUrn": urn, "enforcementLevel": "advisory"},
        },
    ]
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join([*map(json.dumps, events), '{"timestamp": 83, "cut']))

    assert facts(file) == {
        "update azure-native:apimanagement:Api openai-api": "of path, value",
        "error azure-native:apimanagement:Api openai-api": "Conflict",
        "policy x openai-api": "advisory",
    }
    assert operations(file) == {"update azure-native:apimanagement:Api": 65}
    assert facts(tmp_path / "none") == {}


def test_what_cannot_be_purged_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def stubborn(_: Arm, method: str, path: str, *__: Any, **___: Any) -> httpx.Response:
        request = httpx.Request(method, "https://management.azure.com")
        error = {"error": {"code": "ScopeLocked"}}
        if method == "DELETE":
            return httpx.Response(409, json=error, request=request)
        return httpx.Response(200, json={"value": []}, request=request)

    monkeypatch.setattr(Arm, "send", stubborn)
    made = impatient()

    purged = clean.purge(made)
    assert purged.pop("recover workspace") == "not needed"
    assert set(purged.values()) == {"409 ScopeLocked"}
    left = clean.left(made)
    assert any(f"az group delete --name {PLAN.group}" in line for line in left)
    assert any(PLAN.deleted_id("gateway") in line for line in left)


@pytest.mark.parametrize("status", [400, 403])
def test_what_may_not_be_listed_is_not_none(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    def closed(_: Arm, method: str, path: str, *__: Any, **___: Any) -> httpx.Response:
        if "deletedWorkspaces" in path or "/locations/" in path:
            error = {"error": {"code": "AuthorizationFailed"}}
            return httpx.Response(status if path.endswith("s") else 404, json=error)
        return httpx.Response(404, json={})

    monkeypatch.setattr(Arm, "send", closed)
    made = impatient()
    assert clean.kept(made) == {
        "kept account": "no",
        "kept gateway": "no",
        "kept workspace": f"GET {DELETED}: {status} AuthorizationFailed",
    }
    [left] = clean.left(made)
    assert left.startswith("not known")
    assert f"{status} AuthorizationFailed" in left
    assert PLAN.names["workspace"] in left
    with pytest.raises(NoAnswerError, match=f"models: {status} AuthorizationFailed"):
        offers.choose(made, [])


def test_what_may_not_be_read_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Arm, "send", lambda *_, **__: httpx.Response(403, json={}))
    made = impatient()
    assert clean.kept(made)["kept gateway"] == "403"
    assert len(clean.left(made)) == 4


def test_what_is_not_known_to_be_gone_ends_in_3_and_keeps_the_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def closed(_: Arm, method: str, path: str, *__: Any, **___: Any) -> httpx.Response:
        return httpx.Response(403 if path.endswith("deletedWorkspaces") else 404, json={})

    monkeypatch.setattr(Arm, "send", closed)
    monkeypatch.setattr(one_life.Life, "run", lambda _: None)
    PLAN.write(tmp_path)
    (tmp_path / "known.json").write_text("[]")
    (tmp_path / "state").mkdir()
    (tmp_path / "passphrase").write_text("p")

    assert one_life.main(tmp_path) == 3
    assert "not known" in json.loads((tmp_path / "left.json").read_text())[0]
    assert (tmp_path / "state").exists()
    assert (tmp_path / "passphrase").exists()


def test_what_goes_wrong_with_one_does_not_spare_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def odd(_: Arm, method: str, path: str, *__: Any, **___: Any) -> httpx.Response:
        asked.append(f"{method} {path}")
        if "OperationalInsights" in path:
            raise NoAnswerError("no")
        request = httpx.Request(method, "https://management.azure.com")
        return httpx.Response(404, json={}, request=request)

    monkeypatch.setattr(Arm, "send", odd)
    found = clean.purge(impatient())

    assert found["recover workspace"] == found["purge workspace"] == "NoAnswerError"
    assert found["delete group"] == found["purge gateway"] == "not there"
    assert f"DELETE {PLAN.deleted_id('account')}" in asked


def test_a_passing_fault_is_no_answer_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[httpx.Response | Exception] = [
        httpx.ConnectError("cut"),
        httpx.Response(503),
        httpx.Response(404, json={}),
    ]

    def request(*_: Any, **__: Any) -> httpx.Response:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(httpx, "request", request)
    made = impatient()
    assert made.send("GET", PLAN.group_id, "2024-03-01").status_code == 404
    answers[:] = [httpx.Response(500)] * 4
    with pytest.raises(NoAnswerError, match="500"):
        made.send("GET", PLAN.group_id, "2024-03-01")


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        ("no", 2, "tools.acceptance: nothing was created"),
        (EOFError(), 2, "tools.acceptance: nothing was created"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was created"),
        (None, 2, "nobody is here to answer: give --yes; nothing was created"),
    ],
)
def test_nothing_is_made_unless_somebody_says_yes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    answer: str | BaseException | None,
    status: int,
    says: str,
) -> None:
    def reply(_: str) -> str:
        if isinstance(answer, BaseException):
            raise answer
        return str(answer)

    monkeypatch.setattr("builtins.input", reply)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: answer is not None)
    monkeypatch.setattr(program, "_live", lambda *_, **__: pytest.fail("it lives"))
    monkeypatch.setattr(httpx, "get", listed)

    given = ["--subscription", SUBSCRIPTION_ID, "--folder", str(tmp_path)]
    assert program.main(given) == status

    told = capsys.readouterr()
    said = " ".join(told.out.split())
    assert "usually 0.63 US dollars for the gateway (0.21 an hour, Azure's list)" in said
    assert "usually 1 to 3 hours" in said
    assert "at most" not in said
    assert SUBSCRIPTION_ID in said
    assert says in told.err
    assert not list(tmp_path.iterdir())


def test_a_yes_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lived: list[bool] = []

    def live(*_: Any, inside: bool) -> tuple[list[Outcome], int]:
        lived.append(inside)
        return [], 1

    monkeypatch.setattr("builtins.input", lambda _: "Yes")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(program, "_live", live)
    monkeypatch.setattr(httpx, "get", listed)
    assert program.main(["--subscription", SUBSCRIPTION_ID, "--folder", str(tmp_path)]) == 2
    assert lived == [True]


def listed(*_: Any, **__: Any) -> httpx.Response:
    unit = {"unitOfMeasure": "1 Hour", "skuName": "Basic v2"}
    items = [
        unit | {"retailPrice": 0.21, "meterName": "Basic v2 Unit"},
        unit | {"retailPrice": 0.0, "meterName": "Basic v2 Calls", "unitOfMeasure": "10K"},
        unit | {"retailPrice": 0.96, "skuName": "Standard v2", "meterName": "Standard v2 Unit"},
    ]
    return httpx.Response(200, json={"Items": items})


def test_a_price_that_cannot_be_read_is_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(502, text="no"))
    assert prices.gateway_hour("eastus") is None
    assert "could not be read" in prices.describe_cost("eastus", 3)


def test_without_a_subscription_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as end:
        program.main(["--yes"])
    assert end.value.code == 2
    assert "az account show" in capsys.readouterr().err
