"""Two lives of an acceptance run side by side: where they differ, and what they show."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from queries.check import proofs
from sandbox import beliefs
from sandbox.cloud import SUBSCRIPTION_ID
from sandbox.engine.shapes import SHAPES
from tools.acceptance import __main__ as program
from tools.acceptance import compare, refusals, report, touched
from tools.acceptance.events import Outcome
from tools.acceptance.plan import Plan

IDS = {one.id for one in beliefs.beliefs()}
PLAN = Plan(
    suffix="a1b2c3d4",
    location="eastus",
    subscription=SUBSCRIPTION_ID,
    email="a@b.example",
    timeout=1,
)


def life(**changed: str) -> list[Outcome]:
    said = {
        "create azure-native:apimanagement:Api openai-api": "yes",
        "refusal unknown model": "400 DeploymentModelNotSupported",
        "columns of AzureDiagnostics": "Category, DurationMs",
        "proof tokens": "seen",
        "exit status": "0",
    }
    return [Outcome("up", {**said, **changed}, 1.0, {"create azure-native:x:Y": 70.0})]


def test_two_lives_alike_differ_nowhere_and_show_what_the_facts_need() -> None:
    assert compare.differences(life(), life()) == []
    seen = set(compare.confirmed(life(), life()))
    assert {"engine.shapes.apimanagement:Api", "logs.tables.AzureDiagnostics.columns"} <= seen
    assert seen <= IDS


def confirmed(step: str, fact: str, value: str) -> set[str]:
    """What one fact shows that both sides have."""
    lives = [[Outcome(step, {fact: value})] for _ in range(2)]
    return set(compare.confirmed(*lives))


@pytest.mark.parametrize("how", ["skipped", "timeout", "failed", "unknown"])
def test_a_proof_that_neither_side_saw_shows_nothing(how: str) -> None:
    assert confirmed("check", "proof tokens", "seen") == {"gateway.llm_logs._head"}
    assert confirmed("check", "proof tokens", how) == set()


@pytest.mark.parametrize(
    ("step", "fact", "value"),
    [
        ("rows", "columns of AzureDiagnostics", ""),
        ("refusals", "refusal unknown logger", "404 ResourceNotFound"),
        ("refusals", "refusal unknown model", "200"),
        ("refusals", "refusal unknown model", "DeploymentModelNotSupported"),
        ("refusals", "refusal generic existence check", "200"),
        ("kept", "kept account", "no"),
        ("purge", "purge gateway", "not there"),
        ("purge", "purge gateway", "NoAnswerError"),
    ],
)
def test_what_only_fails_alike_shows_nothing_of_what_was_asked(
    step: str, fact: str, value: str
) -> None:
    assert not confirmed(step, fact, value) & set(touched.beliefs_behind(step, fact))


def test_a_refusal_that_both_give_shows_itself() -> None:
    found = confirmed("refusals", "refusal unknown metric", "400 BadRequest")
    assert found == {"arm.azure.refusals.MetricNotFound"}
    token = "azure-native:apimanagement:Api"
    found = confirmed("up", f"error {token} openai-api", "ValidationError")
    assert found == {"arm.azure.refusals.ValidationError"}


def test_a_create_shows_the_shape_and_no_rule_of_the_type() -> None:
    token = "azure-native:cognitiveservices:Account"
    assert confirmed("up", f"create {token} account", "yes") == {
        "engine.shapes.cognitiveservices:Account"
    }
    assert "arm.cognitive.account" in touched.beliefs_behind("up", f"create {token} account")


def test_streams_that_pass_do_not_show_when_one_is_held_back() -> None:
    assert "gateway.logs.holds_back" in touched.PROOFS["streams"]
    assert "gateway.logs.holds_back" not in confirmed("check", "proof streams", "seen")


def test_a_difference_names_the_beliefs_behind_it_and_they_are_not_seen() -> None:
    other = {
        "refusal unknown model": "400 ModelUnknown",
        "columns of AzureDiagnostics": "Category, New",
    }
    refusal, columns = compare.differences(life(), life(**other))
    assert refusal.beliefs == ["arm.azure.refusals.DeploymentModelNotSupported"]
    assert (columns.sandbox, columns.azure) == ("only here: DurationMs", "only here: New")
    assert "logs.tables.AzureDiagnostics.columns" in columns.beliefs
    seen = compare.confirmed(life(), life(**other))
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
            for token in SHAPES:
                fact = f"{op} azure-native:{token} x"
                named |= {*touched.beliefs_behind(step, fact)}
    for fact in ("kept account", "purge workspace", "delete group", "metric X Y", "policy x y"):
        assert touched.beliefs_behind("purge", fact)
        named |= {*touched.beliefs_behind("purge", fact)}
    named |= {*touched.beliefs_behind("preflight", "chat model")}
    named |= {*touched.beliefs_behind("refusals", "refusal generic existence check")}
    assert named <= IDS, named - IDS


def test_every_proof_and_every_refusal_has_a_belief_behind_it() -> None:
    assert {proof.id for proof in proofs.PROOFS} <= touched.PROOFS.keys()
    asked = {*refusals.requests(PLAN), "no token"}
    assert asked == touched.REFUSALS.keys()


def test_beliefs_are_noted_as_seen_by_azure_alone(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    seen.write_text("{}")
    about = {"date": "2026-11-27", "tier": "BasicV2", "region": "eastus", "ended": "as a whole"}
    assert program._note(PLAN, about, ["arm.apis.api"], seen) == 0
    assert json.loads(seen.read_text()) == {}

    real = replace(PLAN, subscription="0f0f0f0f-0000-4000-8000-000000000000")
    assert program._note(real, about, ["arm.apis.api"], seen) == 1
    assert json.loads(seen.read_text()) == {
        "arm.apis.api": {"date": "2026-11-27", "tier": "BasicV2", "region": "eastus"}
    }


def test_the_report_says_where_they_differ_and_how_long_it_took(tmp_path: Path) -> None:
    found = compare.differences(life(), life(**{"proof tokens": "failed"}))
    report.write(tmp_path, {"tier": "BasicV2"}, life(), found, [])
    page = (tmp_path / "report.md").read_text()
    assert "| up | proof tokens | seen | failed | `gateway.llm_logs._head` |" in page
    assert "| create azure-native:x:Y | 70.0 | 10.0 |" in page
    assert "Nothing." in page
    value = json.loads((tmp_path / "report.json").read_text())
    assert value["durations"] == {"create azure-native:x:Y": {"azure": 70.0, "sandbox": 10.0}}
