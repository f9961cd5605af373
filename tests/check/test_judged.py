"""What cannot be judged is told apart from what was seen, and never makes a pass by itself."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from queries.check.proofs import PROOFS
from queries.check.proofs.base import Verdict, seen, skipped
from queries.check.report import Report
from tests.check import answers
from tests.check.arm import DIAGNOSTIC
from tests.check.conftest import Run
from tests.check.reading import DEPLOYED, LOGS, ends, of, without
from tests.check.stack import deployment

pytestmark = pytest.mark.slow

DOCUMENT = {
    "POST /v1/responses": "V1_Responses_Create",
    "POST /deployments/{deployment-id}/chat/completions": "ChatCompletions_Create",
    "POST /deployments/{deployment-id}/embeddings": "Embeddings_Create",
}
ROOMY: dict[str, Any] = {"deployments": [deployment(capacity=10)], "operations": DOCUMENT}


def test_what_may_not_be_read_is_not_seen(run: Run) -> None:
    """Half of the calls are sampled, and nobody may read it."""
    run.azure.arm.denied = ("",)
    run.azure.arm.set(DIAGNOSTIC, "sampling.percentage", 50.0)

    report = run(**ROOMY)

    assert (ends(report)["audit"], ends(report)["declared"]) == ("unjudged", "unjudged")
    assert "not judged: account cannot be read (HTTP 403)" in of(report, "declared")[1]
    assert "(HTTP 403)" in of(report, "declared")[1]
    assert "Reader" in of(report, "declared")[2]
    assert (report.verdict, report.status) == ("unjudged", 4)
    seen, number = len(report.proofs) - len(DEPLOYED), len(report.proofs)
    said = f"unjudged: {seen} of {number} proofs seen, 5 unjudged ({', '.join(DEPLOYED)}) in"
    assert said in run.screen.getvalue()


def test_what_is_allowed_to_stay_unjudged_is_no_fault_and_is_said(run: Run) -> None:
    run.azure.arm.denied = ("/policies/policy", "/diagnosticSettings")

    allowed = ("--allow", "audit", "--allow", "routes")
    half = run(*allowed, **ROOMY)
    assert (half.verdict, half.status) == ("unjudged", 4), "declared is unjudged still"
    report = run(*allowed, "--allow", "declared/policy", **ROOMY)

    assert (report.verdict, report.status) == ("proven", 0)
    assert "3 unjudged and allowed (audit, declared, routes) in" in run.screen.getvalue()
    report.write_junit(run.folder / "r.xml")
    suite = ET.parse(run.folder / "r.xml").getroot()
    assert (suite.get("errors"), suite.get("skipped")) == ("0", "3")


def test_a_part_that_is_allowed_excuses_no_other(run: Run) -> None:
    run.azure.arm.denied = ("/policies/policy", "/deployments")
    assert run("--allow", "declared/policy", "--allow", "routes").status == 4
    run.azure.arm.set(DIAGNOSTIC, "sampling.percentage", 50.0)
    assert run("--allow", "declared").status == 1


def test_allowing_a_proof_that_does_not_exist_is_an_error(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run("--allow", "declard")
    assert left.value.code == 2
    assert "'declard' is no proof; there are call, prompt" in capsys.readouterr().err


def test_what_is_not_judged_is_in_every_form_of_the_result(run: Run) -> None:
    run.azure.arm.denied = ("",)
    report = run(**ROOMY)
    report.write_json(run.folder / "r.json")
    report.write_junit(run.folder / "r.xml")

    value = json.loads((run.folder / "r.json").read_text())
    assert value["verdict"] == "unjudged"
    assert [one["id"] for one in value["proofs"] if one["status"] == "unjudged"] == DEPLOYED
    suite = ET.parse(run.folder / "r.xml").getroot()
    assert [case.get("name") for case in suite if case.find("error") is not None] == DEPLOYED
    assert (suite.get("errors"), suite.get("skipped")) == ("5", "0")
    lines = run.screen.getvalue().splitlines()
    for proof in DEPLOYED:
        assert any(re.search(rf"\b{proof}\b.* unjudged ", line) for line in lines)


def judged(**verdicts: Verdict) -> Report:
    report = Report()
    chosen = [proof for proof in PROOFS if proof.id.replace("-", "_") in verdicts]
    report.judge(chosen, {proof.id: verdicts[proof.id.replace("-", "_")] for proof in chosen})
    return report


@pytest.mark.parametrize(
    "verdicts",
    [
        {"prompt": skipped("x"), "audit": skipped("x")},
        {"prompt": skipped("x"), "audit": seen("x"), "gateway_metrics": seen("x")},
        {"call": seen("x"), "caller": skipped("x"), "queries": seen("x")},
    ],
)
def test_nothing_that_reads_rows_of_calls_is_never_proven(verdicts: dict[str, Verdict]) -> None:
    report = judged(**verdicts)

    assert (report.verdict, report.status) == ("error", 2)
    assert "could be judged" in report.error


def test_one_proof_of_the_calls_rows_is_enough_where_others_cannot_be_judged() -> None:
    assert judged(caller=seen("x"), audit=skipped("x")).status == 0


def test_calls_whose_tokens_are_logged_nowhere_are_named(run: Run) -> None:
    vectors = deployment("vectors", "text-embedding-3-small", kind="embeddings")
    stack = {"operations": DOCUMENT, "deployments": [deployment(), vectors]}

    status, detail, _ = of(run(capture="metadata", **stack), "tokens")

    assert status == "seen"
    assert detail.endswith("not judged: no log holds its usage; and 1 more")
    assert "text-turbo (responses): not judged" in detail
    assert "proofs seen, tokens, careless in part in" in run.screen.getvalue()
    only = run(capture="metadata", deployments=[vectors], operations=DOCUMENT)
    assert ends(only)["tokens"] == "skipped"


def test_embeddings_have_no_messages(run: Run) -> None:
    vectors = deployment("vectors", "text-embedding-3-small", kind="embeddings")

    assert "messages" not in ends(run(deployments=[vectors]))
    assert "vectors" not in of(run(deployments=[deployment(), vectors]), "messages")[1]


@pytest.mark.parametrize(
    ("stack", "says"),
    [
        ({"deployments": [deployment(capacity=7)]}, "need a capacity of 8"),
        ({**ROOMY, "llmMessageBytes": 9000}, "llmMessageBytes 9000 is less"),
    ],
)
def test_long_calls_that_cannot_be_made_are_told(run: Run, stack: Any, says: str) -> None:
    status, detail, fix = of(run(**stack), "long")

    assert status == "skipped"
    assert says in detail
    assert fix


def answering(monkeypatch: pytest.MonkeyPatch, *texts: str) -> list[str]:
    """The long completion's answers, in order; a list of what is left of them."""
    left, whole = list(texts), answers.whole

    def short(asked: answers.Asked, number: int, usage: Any) -> Any:
        answer = whole(asked, number, usage)
        if b" words about" in asked.content and left:
            answer["choices"][0]["message"]["content"] = left.pop(0)
        return answer

    monkeypatch.setattr(answers, "whole", short)
    return left


@pytest.mark.parametrize("text", ["", "Three words only."])
def test_a_long_completion_that_is_short_is_asked_for_once_more(
    run: Run, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A reasoning model may think its tokens away."""
    left = answering(monkeypatch, text)

    report = run(**ROOMY)

    assert (report.verdict, of(report, "long")[0], left) == ("proven", "seen", [])
    assert "not judged" not in of(report, "long")[1]
    assert len(run.azure.requests) == 6


def test_a_long_completion_that_stays_short_is_not_judged(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "", "")

    report = run(**ROOMY)

    assert report.verdict == "proven"
    assert of(report, "long")[0] == "seen", "the long prompt was judged"
    assert "text-turbo (long-completion): not judged: the model answered" in of(report, "long")[1]


def test_a_streamed_answer_without_a_body_is_named(run: Run) -> None:
    """The LLM log has its text."""
    empty = without(ResponseBody="", BackendResponseBody="")
    run.azure.change = {LOGS: lambda row: empty(row) if "data:" in row["ResponseBody"] else row}

    status, detail, _ = of(run(), "completion")

    assert status == "seen"
    assert "text-turbo (stream): not judged: no body of a streamed answer" in detail


def test_kinds_of_call_that_were_not_made_are_named(run: Run) -> None:
    assert "left out text-turbo (responses): the operations" in of(run(operations={}), "call")[1]
    assert "left out" not in of(run(**ROOMY), "call")[1]


def test_a_diagnostic_that_is_missing_is_not_as_declared(run: Run) -> None:
    del run.azure.arm.resources[DIAGNOSTIC]

    report = run()

    assert (report.status, of(report, "declared")[0]) == (1, "failed")
    assert "diagnostic azuremonitor of the stack's API is missing" in of(report, "declared")[1]
