"""A consumer's page tells what that consumer used, and nothing of anybody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from queries import outputs
from queries.pages import Paged
from queries.report import consumers, page, questions
from queries.report.ask import Answer
from queries.report.consumers import file_name
from queries.report.facts import Facts
from queries.report.period import of
from queries.workspace import NO_ANSWER, NotYetError
from tests.queries.test_analyzer import analyze
from tests.queries.truth import gateway_row, llm_rows, outcome, source
from tests.report.everybody import (
    BUDGETS,
    CALLERS,
    DEPLOYMENTS,
    IDLE,
    QUOTE,
    STACK,
    Asking,
    of_one,
    stack_of,
)
from tests.report.fortnight import UNTIL, Stored, Timed, workspace


def number(text: str, label: str) -> float:
    """The number of a tile; 0 where it has none."""
    found = re.search(
        rf'<div class="tile[^>]*?(?: data-value="([^"]*)")?>\s*<h2>{label}</h2>', text
    )
    assert found, label
    return float(found[1] or 0)


def texts(value: Any) -> set[str]:
    """Every text in rows, of values within values too."""
    if isinstance(value, Mapping | list | tuple):
        inner = value.values() if isinstance(value, Mapping) else value
        return set().union(*map(texts, inner)) if inner else set()
    return {value} if isinstance(value, str) and len(value) > 2 else set()


@pytest.mark.parametrize("name", CALLERS)
def test_a_page_is_the_same_where_nobody_else_is(
    name: str, everybody: list[Timed], pages: dict[str, str], tmp_path: Path
) -> None:
    """No figure moves with others' calls, budgets, deployments or prices: none tells of them."""
    own = of_one(everybody, name)
    alone = Asking(tmp_path, Stored(workspace(own)))

    assert alone.one(stack_of(name, own), name) == pages[file_name(name)]


@pytest.mark.parametrize("name", [*CALLERS, IDLE])
def test_no_text_of_anybody_elses_rows_is_in_a_page(
    name: str, everybody: list[Timed], pages: dict[str, str]
) -> None:
    def rows(some: Iterable[Timed]) -> set[str]:
        return texts(
            [[gateway_row(call, time), list(llm_rows(call, time))] for time, _, call in some]
        )

    own = of_one(everybody, name)
    called = {call.deployment for _, _, call in own}
    others = rows(one for one in everybody if one not in own) - rows(own)
    others |= {one[key] for one in DEPLOYMENTS for key in ("name", "sku")}
    others |= {*STACK["prices"], *CALLERS, IDLE} - rows(own)
    others -= {one["sku"] for one in DEPLOYMENTS if one["name"] in called} | called | {name}
    plain = unescape(re.sub(r"<style>.*?</style>", "", pages[file_name(name)], flags=re.DOTALL))

    assert len(others) > 100
    assert not [one for one in others if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", plain)]
    assert name.lower() in plain.lower()


def test_no_text_of_a_call_and_no_address_is_in_a_page(
    everybody: list[Timed], pages: dict[str, str]
) -> None:
    said = {
        text for _, _, call in everybody for text in (call.prompt, *call.answers, call.ip, call.id)
    }

    assert not [one for one in said for text in pages.values() if one in text]


def test_pages_add_up_to_the_whole_and_calls_without_a_consumer_are_in_none(
    everybody: list[Timed], pages: dict[str, str], asking: Asking
) -> None:
    whole = asking.folder / "whole.html"
    assert asking.run(STACK, "--out", str(whole)) == 0
    theirs = [call for _, _, call in everybody if call.in_gateway_log and call.consumer]

    assert set(pages) == {file_name(name) for name in [*CALLERS, IDLE]}
    for label in ("Calls", "Tokens", "Cost"):
        total = sum(number(text, label) for text in pages.values())
        nobodys = {"Calls": 2, "Tokens": 77_778, "Cost": (77_777 * 1.25 + 10) / 1e6}[label]
        assert total == pytest.approx(number(whole.read_text(), label) - nobodys), label
    assert sum(number(text, "Calls") for text in pages.values()) == len(theirs)
    for name in CALLERS:
        own = [call for _, _, call in of_one(everybody, name)]
        text = pages[file_name(name)]
        known = [call for call in own if source(call) != "unknown"]
        assert number(text, "Calls") == len(own)
        assert number(text, "Tokens") == sum(call.total for call in known)
        failed = sum(outcome(call) == "Failed" for call in own)
        assert number(text, "Error rate") == pytest.approx(100 * failed / len(own))


def test_a_budget_is_told_with_what_is_left_of_its_month(
    everybody: list[Timed], pages: dict[str, str]
) -> None:
    own = [call for _, _, call in of_one(everybody, "Sales")]
    used = sum(call.total for call in own if source(call) != "unknown")
    month = BUDGETS["Sales"]["tokens"]
    text = pages[file_name("Sales")]

    assert number(text, "Budget left") == pytest.approx(100 * (1 - used / month))
    assert '<p class="detail">of March 2026</p>' in text
    assert number(pages[file_name(IDLE)], "Budget left") == 100
    assert "Budget left" not in pages[file_name("con")]
    assert 'id="budgets"' not in pages[file_name("con")]


@pytest.mark.parametrize(
    ("used", "value", "said"),
    [(30.0, 25.0, "$10.00 of $40.00"), (41.5, 0.0, "$1.50 over"), (None, None, "not known of $40")],
)
def test_a_budget_used_up_or_unknown_is_said_to_be(
    used: float | None, value: float | None, said: str
) -> None:
    row = {"Consumer": "a", "Unit": "USD", "Used": used, "Allowed": 20.0, "Percent": used}
    row |= {"UnknownCalls": 1, "UnpricedCalls": 0, "AtMost": 0.0}
    stack = outputs.target({"proof": STACK | {"budgets": {"a": {"cost": 40}}}})
    answers = {"budgets": Answer(file="budgets", rows=[row])}
    facts = Facts(target=stack, period=of(14, UNTIL), answers=answers, consumer="a")

    tile = page.render(facts, "", UNTIL).partition("<h2>Budget left")[0].rpartition("<div")[2]
    text = page.render(facts, "", UNTIL).partition("<h2>Budget left")[2].partition("</div>")[0]

    assert said in text
    assert ("data-value" in tile) == (value is not None)
    assert ("alarming" in tile) == (value == 0)
    if value is not None:
        assert f'data-value="{value}"' in tile
        assert "without 1 call of unknown tokens" in text


def test_one_page_is_that_of_the_folder_however_its_name_is_written(
    asking: Asking, pages: dict[str, str]
) -> None:
    for name in ("SALES", *CALLERS):
        assert asking.one(STACK, name) == pages[file_name(name)]
    named = [kql for kql in asking.asked if "union * //" in kql]
    assert named
    assert all(f"| where Consumer =~ {json.dumps(QUOTE)}\n" in f"{kql}\n" for kql in named)


def test_a_name_is_text_of_the_page(pages: dict[str, str]) -> None:
    name = CALLERS[3]

    text = pages[file_name(name)]

    assert name not in text
    assert f"<h1>Usage report of {escape(name)}</h1>" in text


def test_what_one_consumer_does_most_is_kept_of_each(tmp_path: Path) -> None:
    """The list of the most is cut for each consumer: another's many rows push none of its out."""
    kinds = {
        "Kind": "other",
        "RefusedBy": "gateway",
        "Reason": "",
        "Last": UNTIL,
        "Deployment": "d",
    }
    loud = [kinds | {"Consumer": "loud", "ResponseCode": c, "Calls": c} for c in range(400, 499)]
    quiet = [kinds | {"Consumer": "quiet", "ResponseCode": 418, "Calls": 1}]
    target = outputs.target({"proof": STACK})
    asked = questions.of_consumers(target, of(14, UNTIL))
    answers = {"errors": Answer(file="gateway-errors", rows=[*loud, *quiet])}

    found = consumers.each(Facts(target=target, period=of(14, UNTIL), answers=answers), asked)

    assert found["quiet"].rows("errors") == quiet
    assert [row["Calls"] for row in found["loud"].rows("errors")] == list(range(498, 483, -1))


def test_what_had_no_answer_is_told_without_the_services_words(asking: Asking) -> None:
    """They may quote the query, which names others' budgets."""

    def refuse(query: str | Paged) -> list[dict[str, Any]]:
        if isinstance(query, Paged) and query.kql.startswith("// Traffic"):
            raise NotYetError(f"{NO_ANSWER}: {CALLERS[0]}")
        return asking.stored.query(query)  # type: ignore[no-any-return]

    asking.query = refuse  # type: ignore[method-assign]
    file = asking.folder / "own.html"

    assert asking.run(STACK, "--consumer", "con", "--out", str(file)) == 4

    text = file.read_text()
    assert "traffic.kql had no answer: the workspace gave none." in text
    assert CALLERS[0] not in text
    assert "not known: traffic.kql had no answer" in text
    assert CALLERS[0] in asking.said.getvalue(), "who runs it is told"


def test_every_question_of_a_consumer_is_accepted() -> None:
    target = outputs.target({"proof": STACK})
    asked = {
        f"{key}, {name}": question.kql
        for name in ("", *CALLERS)
        for key, question in questions.of_consumers(target, of(14, UNTIL), name).items()
    }
    asked |= {key: one.kql for key, one in questions.names(target, of(14, UNTIL)).items()}

    assert not [wrong for wrong in analyze(asked).values() if wrong]


def test_no_question_of_a_consumer_tells_of_several() -> None:
    """Each row is of one consumer; metrics, the account's log and addresses are not asked."""
    target = outputs.target({"proof": STACK})
    for question in questions.of_consumers(target, of(14, UNTIL)).values():
        assert "| where isnotempty(Consumer)" in question.kql
        assert not re.search(r"^(AzureMetrics|AzureDiagnostics)\b", question.kql, re.MULTILINE)
