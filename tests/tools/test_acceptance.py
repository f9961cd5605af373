"""An acceptance run: what it may touch, what it deploys, and what it makes of two lives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken

from queries.check import proofs
from sandbox import beliefs
from sandbox.cloud import SUBSCRIPTION_ID
from tools.acceptance import __main__ as program
from tools.acceptance import clean, compare, offers, prices, refusals, report, touched
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


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Arm:
    made = Arm(PLAN, sleep=lambda _: None, _credential=None)  # type: ignore[arg-type]
    monkeypatch.setattr(Arm, "send", refuse_to_ask)
    return made


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
def test_nothing_but_its_own_is_ever_changed(path: str, method: str) -> None:
    with pytest.raises(ForeignError, match="not of this run"):
        Arm(PLAN, _credential=None).send(method, path, "2024-03-01")  # type: ignore[arg-type]


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


def life(**changed: str) -> list[Outcome]:
    said = {
        "create azure-native:apimanagement:Api openai-api": "yes",
        "refusal unknown model": "400 DeploymentModelNotSupported",
        "columns of AzureDiagnostics": "Category, DurationMs",
        "proof tokens": "seen",
        "exit status": "0",
    }
    return [Outcome("up", {**said, **changed}, 1.0, {"create azure-native:x:Y": 70.0})]


def test_two_lives_alike_differ_nowhere_and_show_what_they_rest_on() -> None:
    assert compare.differences(life(), life()) == []
    seen = compare.shown(life(), life())
    assert {"arm.apis.api", "logs.tables.AzureDiagnostics.columns"} <= set(seen)
    assert set(seen) <= IDS


def test_a_difference_names_the_beliefs_behind_it_and_they_are_not_seen() -> None:
    other = {
        "refusal unknown model": "400 ModelUnknown",
        "columns of AzureDiagnostics": "Category, New",
    }
    refusal, columns = compare.differences(life(), life(**other))
    assert refusal.beliefs == ["arm.azure.refusals.DeploymentModelNotSupported"]
    assert (columns.sandbox, columns.azure) == ("only here: DurationMs", "only here: New")
    assert "logs.tables.AzureDiagnostics.columns" in columns.beliefs
    seen = compare.shown(life(), life(**other))
    assert "arm.azure.refusals.DeploymentModelNotSupported" not in seen
    assert "logs.tables.AzureDiagnostics.columns" not in seen
    assert "gateway.llm_logs._head" in seen


def test_a_step_that_was_never_reached_differs() -> None:
    [found] = compare.differences([*life(), Outcome("check", {"a": "b"})], life())
    assert (found.step, found.azure) == ("check", "-")


def test_every_fact_leads_to_beliefs_that_there_are() -> None:
    named = {belief for found in touched.PROOFS.values() for belief in found}
    named |= {belief for found in touched.COLUMNS.values() for belief in found}
    known = {one for codes in touched.REFUSALS.values() for one in codes}
    named |= {f"arm.azure.refusals.{code}" for code in known}
    for step in ("up", "refresh"):
        for op in ("create", "update", "delete", "error", "refresh"):
            for token in touched.SHAPES:
                fact = f"{op} azure-native:{token} x"
                named |= {*touched.behind(step, fact)}
    for fact in ("kept account", "purge workspace", "delete group", "metric X Y", "policy x y"):
        assert touched.behind("purge", fact)
        named |= {*touched.behind("purge", fact)}
    named |= {*touched.behind("preflight", "chat model")}
    named |= {*touched.behind("refusals", "refusal generic existence check")}
    assert named <= IDS, named - IDS


def test_every_proof_and_every_refusal_has_a_belief_behind_it() -> None:
    assert {proof.id for proof in proofs.PROOFS} <= touched.PROOFS.keys()
    asked = {*refusals.requests(PLAN), "no token"} - {"generic existence check"}
    assert asked == touched.REFUSALS.keys()


def test_what_cannot_be_purged_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def stubborn(_: Arm, method: str, path: str, *__: Any, **___: Any) -> httpx.Response:
        request = httpx.Request(method, "https://management.azure.com")
        error = {"error": {"code": "ScopeLocked"}}
        if method == "DELETE":
            return httpx.Response(409, json=error, request=request)
        return httpx.Response(200, json={"value": []}, request=request)

    monkeypatch.setattr(Arm, "send", stubborn)
    made = Arm(PLAN, sleep=lambda _: None, _credential=None)  # type: ignore[arg-type]

    purged = clean.purge(made)
    assert purged.pop("recover workspace") == "not needed"
    assert set(purged.values()) == {"409 ScopeLocked"}
    left = clean.left(made)
    assert any(f"az group delete --name {PLAN.group}" in line for line in left)
    assert any(PLAN.deleted_id("gateway") in line for line in left)


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
    found = clean.purge(Arm(PLAN, sleep=lambda _: None, _credential=None))  # type: ignore[arg-type]

    assert found["recover workspace"] == found["purge workspace"] == "NoAnswerError"
    assert found["delete group"] == found["purge gateway"] == "not there"
    assert f"DELETE {PLAN.deleted_id('account')}" in asked


def test_a_passing_fault_is_no_answer_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [httpx.ConnectError("cut"), httpx.Response(503), httpx.Response(404, json={})]

    def request(*_: Any, **__: Any) -> httpx.Response:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    class Credential:
        def get_token(self, _: str) -> AccessToken:
            return AccessToken("t", 0)

    monkeypatch.setattr(httpx, "request", request)
    made = Arm(PLAN, sleep=lambda _: None, _credential=Credential())  # type: ignore[arg-type]
    assert made.send("GET", PLAN.group_id, "2024-03-01").status_code == 404
    answers[:] = [httpx.Response(500)] * 4
    with pytest.raises(NoAnswerError, match="500"):
        made.send("GET", PLAN.group_id, "2024-03-01")


def test_beliefs_are_noted_as_seen_by_azure_alone(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    seen.write_text("{}")
    about = {"date": "2026-11-27", "tier": "BasicV2", "region": "eastus", "ended": "as a whole"}
    assert program._note(PLAN, about, ["arm.apis.api"], seen) == 0
    assert json.loads(seen.read_text()) == {}

    real = Plan(**{**vars(PLAN), "subscription": "0f0f0f0f-0000-4000-8000-000000000000"})
    assert program._note(real, about, ["arm.apis.api"], seen) == 1
    assert json.loads(seen.read_text()) == {
        "arm.apis.api": {"date": "2026-11-27", "tier": "BasicV2", "region": "eastus"}
    }


def test_nothing_is_made_unless_somebody_says_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(program.console, "input", lambda _: "y")
    monkeypatch.setattr(program, "_live", lambda *_, **__: pytest.fail("it lives"))
    monkeypatch.setattr(prices.httpx, "get", listed)

    given = ["--subscription", SUBSCRIPTION_ID, "--folder", str(tmp_path)]
    assert program.main(given) == 2

    said = " ".join(capsys.readouterr().out.split())
    assert "at most 0.63 US dollars for the gateway (0.21 an hour, Azure's list)" in said
    assert "3.0 hours at most" in said
    assert SUBSCRIPTION_ID in said
    assert not list(tmp_path.iterdir())


def listed(*_: Any, **__: Any) -> httpx.Response:
    unit = {"unitOfMeasure": "1 Hour", "skuName": "Basic v2"}
    items = [
        unit | {"retailPrice": 0.21, "meterName": "Basic v2 Unit"},
        unit | {"retailPrice": 0.0, "meterName": "Basic v2 Calls", "unitOfMeasure": "10K"},
        unit | {"retailPrice": 0.96, "skuName": "Standard v2", "meterName": "Standard v2 Unit"},
    ]
    return httpx.Response(200, json={"Items": items})


def test_a_price_that_cannot_be_read_is_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices.httpx, "get", lambda *_, **__: httpx.Response(502, text="no"))
    assert prices.gateway_hour("eastus") is None
    assert "could not be read" in prices.told("eastus", 3)


def test_without_a_subscription_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as end:
        program.main(["--yes"])
    assert end.value.code == 2
    assert "az account show" in capsys.readouterr().err


def test_the_report_says_where_they_differ_and_how_long_it_took(tmp_path: Path) -> None:
    found = compare.differences(life(), life(**{"proof tokens": "failed"}))
    report.write(tmp_path, {"tier": "BasicV2"}, life(), found, [])
    page = (tmp_path / "report.md").read_text()
    assert "| up | proof tokens | seen | failed | `gateway.llm_logs._head` |" in page
    assert "| create azure-native:x:Y | 70.0 | 10.0 |" in page
    assert "Nothing." in page
    value = json.loads((tmp_path / "report.json").read_text())
    assert value["durations"] == {"create azure-native:x:Y": {"azure": 70.0, "sandbox": 10.0}}
