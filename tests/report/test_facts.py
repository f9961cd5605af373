"""What the page says of a stack and of its logs, from answers given by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from queries import library
from queries.library import price_list
from queries.outputs import Target
from queries.report import page, questions
from queries.report.ask import Answer
from queries.report.facts import Facts
from queries.report.numbers import NOTHING
from queries.report.period import Period, of
from tests.report.fortnight import TARGET, UNTIL, target

FORTNIGHT = of(14, UNTIL)
chat, embed = TARGET["deployments"]
PTU = target(
    deployments=[
        chat | {"sku": "GlobalProvisionedManaged"},
        embed | {"sku": "Standard"},
    ]
)
Rows = list[dict[str, Any]]


def asked(stack: Target) -> dict[str, str]:
    found = questions.of(stack, FORTNIGHT)
    return {key: question.kql for key, question in found.items()}


def shown(stack: Target | None = None, period: Period = FORTNIGHT, **rows: Rows) -> str:
    """The page's text and SVG, from rows by question; `_` stands for a blank in its name."""
    answers = {
        key.replace("_", " "): Answer(file=_file(key.replace("_", " ")), rows=given)
        for key, given in rows.items()
    }
    facts = Facts(target=stack or target(), period=period, answers=answers)
    return unescape(page.render(facts, "dev", UNTIL))


def _file(key: str) -> str:
    everything = target(budgets={"a": {"tokens": 1}})
    return questions.of(everything, FORTNIGHT)[key].file


def traffic(consumer: str = "team", deployment: str = "chat", **changes: Any) -> dict[str, Any]:
    sums = dict.fromkeys(("Failed", "Throttled", "ClientErrors", "UnknownCalls"), 0)
    tokens = {"PromptTokens": 90, "CompletionTokens": 10, "TotalTokens": 100}
    named = {"Time": UNTIL - timedelta(days=1), "Consumer": consumer, "Deployment": deployment}
    return named | {"Calls": 1} | sums | tokens | changes


def cost(deployment: str = "chat", **changes: Any) -> dict[str, Any]:
    named = {"Consumer": "team", "Deployment": deployment, "Model": "gpt"}
    tokens = {"PromptTokens": 900, "CompletionTokens": 100, "Cost": 7.0, "Priced": "yes"}
    return {"Day": UNTIL - timedelta(days=1), "Calls": 3} | named | tokens | changes


def tile(text: str, label: str) -> str:
    return re.split(rf"<h2>{label}</h2>", text)[1].partition("</div>")[0]


def legend(text: str, figure: str) -> dict[str, str]:
    """Colours by name."""
    part = text.partition(f'<figure id="{figure}">')[2].partition("</ul>")[0]
    swatches = re.findall(r'background:([^"]+)"></span>([^<]+)<', part)
    strokes = re.findall(r'stroke="([^"]+)"[^<]*></svg>([^<]+)<', part)
    return {name: colour for colour, name in swatches + strokes}


def test_requests_around_the_gateway_are_told_by_its_identity() -> None:
    assert 'let identity = "the-id";' in asked(target(gatewayPrincipalId="the-id"))["bypass"]


def test_each_figure_is_of_the_stacks_own_api() -> None:
    found = questions.of(target(budgets={"a": {"tokens": 1}}), FORTNIGHT)
    files = {key: question.file for key, question in found.items()}
    limited = {key for key, question in found.items() if 'let api = "miyagi-api";' in question.kql}

    assert limited == {key for key, file in files.items() if library.has(file, "api")}
    assert {"traffic", "cost", "budgets", "capacity", "latency", "coverage", "unknown"} <= limited


def test_provisioned_deployments_have_no_limit_of_tokens_a_minute() -> None:
    assert 'let capacities = dynamic({"embed": 100});' in asked(PTU)["capacity"]


def test_the_queries_of_cost_know_the_provisioned_deployments() -> None:
    budgeted = replace(PTU, budgets={"a": {"cost": 1}})

    for key in ("cost", "budgets"):
        assert 'let provisioned = dynamic(["chat"]);' in asked(budgeted)[key]
        assert "let provisioned = dynamic([]);" in asked(target(budgets=budgeted.budgets))[key]


def test_provisioned_deployments_are_paid_by_the_hour() -> None:
    hourly = cost("Chat", Cost=None, Priced="by the hour")
    text = shown(PTU, cost=[hourly, cost("embed", Cost=2.0)])

    assert "$2.00" in tile(text, "Cost")
    assert "Chat: paid by the hour, not in it" in tile(text, "Cost")
    assert '<td class="number">paid by the hour</td>' in text
    assert "1,000 tokens of 3 calls are not in the cost" in text
    assert tile(text, "Cost").count("$") == 1


def test_money_that_is_an_upper_bound_is_told_with_its_share() -> None:
    text = shown(target(), cost=[cost(Cost=6.0), cost(Cost=2.0, Priced="at most", Calls=4)])

    assert "$8.00" in tile(text, "Cost")
    assert "$2.00 of it (25.0 %) is at most" in tile(text, "Cost")
    assert "the prompts of 4 calls came from the prompt cache" in text
    assert '<td class="number" data-value="2.0">$2.00</td>' in text
    assert "of it (" not in tile(shown(target(), cost=[cost()]), "Cost")


def test_a_full_minute_is_told_from_several() -> None:
    row = {"Deployment": "chat", "PeakTokensPerMinute": 950, "LimitTokensPerMinute": 1000}
    row |= {"Percent": 95.0, "PeakMinute": UNTIL, "SustainedPercent": 41.5, "UnknownCalls": 0}

    text = shown(capacity=[row])

    table = text.partition("Busiest minute of each deployment")[2].partition("</table>")[0]
    assert "share in 5 minutes or more" in table
    assert [share in table for share in ("95.0", "41.5")] == [True, True]
    assert "let minutes = 5;" in asked(target())["capacity"]


def test_prices_name_the_sku_that_they_are_of() -> None:
    text = shown(PTU, cost=[cost()])
    listed = price_list()

    assert f"list prices of {listed['sku']} as of {listed['as_of']}" in text
    assert "Another SKU may cost otherwise: embed is Standard." in text


def test_a_name_has_one_colour_on_the_page() -> None:
    names = [f"d{number}" for number in range(9)]
    times = {"Time": UNTIL - timedelta(days=1), "P50": 900.0, "P95": 30_000.0}
    text = shown(
        traffic=[traffic(n, n, TotalTokens=100 - i) for i, n in enumerate(names)],
        cost=[cost(n, Consumer=n, Cost=1.0 + i) for i, n in enumerate(names)],
        latency_in_all=[{"Deployment": n, "Calls": 9} | times for n in names],
        latency_over_time=[{"Deployment": n, "Calls": 9} | times for n in names],
    )

    for charts in (
        ["tokens-by-consumer", "cost-by-consumer"],
        ["tokens-by-deployment", "cost-by-deployment", "latency-p95", "latency-p50"],
    ):
        legends = [legend(text, chart) for chart in charts]
        assert all({"d0", "d8"} <= set(found) for found in legends), "largest by tokens, by cost"
        named = [{k: v for k, v in found.items() if "others" not in k} for found in legends]
        assert all(found == named[0] for found in named)
        assert len(set(named[0].values())) == len(named[0]) == 5


def test_colours_of_marks_are_those_of_the_legend() -> None:
    rows = [traffic("a", TotalTokens=9), traffic("b", TotalTokens=5)]
    text = shown(traffic=rows, cost=[cost(Consumer="b"), cost(Consumer="a", Cost=1.0)])
    chart = text.partition('<figure id="cost-by-consumer">')[2].partition("</figure>")[0]
    marks = re.findall(r'<path[^>]*fill="(var\(--series-\d\))"', chart)

    assert legend(text, "cost-by-consumer") == {"b": "var(--series-2)", "a": "var(--series-1)"}
    assert set(marks) == {"var(--series-1)", "var(--series-2)"}


def test_answers_whose_end_is_not_logged_are_counted_apart() -> None:
    base = {"Time": UNTIL - timedelta(days=1), "Consumer": "team", "Deployment": "chat"}
    stopped = base | {"Stopped": "prompt", "By": "gateway", "Categories": "hate", "Calls": 3}
    unread = base | {"Stopped": "unknown", "By": "", "Categories": "", "Calls": 41}

    assert "let unread = 1;" in asked(target())["filtered"]
    both = shown(filtered=[stopped, unread])
    assert "3 calls were stopped, and 41 more could not be judged." in both
    assert "Answers that could not be judged: 41." in both
    alone = shown(filtered=[unread])
    assert "No call is seen to have been stopped by a content filter." in alone
    assert "Answers that could not be judged: 41." in alone
    assert "judged" not in shown(filtered=[stopped])


@pytest.mark.parametrize(
    ("known", "unknown", "ended", "value", "said"),
    [
        (196, 2, 2, "99.0 %", "of 2 answered calls the tokens are unknown"),
        (198, 0, 2, "100 %", "of every answered call the tokens are known"),
        (200, 0, 0, "100 %", "of every answered call the tokens are known"),
        (0, 0, 2, NOTHING, "of every answered call the tokens are known"),
    ],
)
def test_calls_without_an_answer_are_a_share_of_their_own(
    known: int, unknown: int, ended: int, value: str, said: str
) -> None:
    row = {"Deployment": "chat", "Calls": known + unknown + ended, "Accounted": known}
    row |= {"Unknown": unknown, "Unanswered": ended, "LlmCalls": 0, "WithoutLlmRow": 0}

    page = shown(coverage=[row])

    tile = page.partition("Accounted for")[2].partition("Of what Azure counted")[0]
    assert value in tile
    assert said in tile
    assert ("ended without a whole answer" in tile) == bool(ended)


def test_seconds_are_written_as_a_person_reads_them() -> None:
    times = {"Time": UNTIL - timedelta(days=1), "P50": 9_000.0, "P95": 30_000.0}
    rows = [{"Deployment": "chat", "Calls": 9} | times]

    text = shown(traffic=[traffic()], latency_in_all=rows, latency_over_time=rows)

    latency = text.partition('id="latency"')[2].partition("</section>")[0]
    assert ">10</text>" in latency
    assert "e+" not in latency


def test_a_chart_says_that_it_has_not_all_bars() -> None:
    names = [f"c{number:02}" for number in range(30)]
    unknown = {"Accounted": 1, "Unknown": 0, "Unanswered": 0, "LlmCalls": 1, "WithoutLlmRow": 0}
    times = {"Time": UNTIL - timedelta(days=1), "P50": 900.0, "P95": 3_000.0}
    budget = {"Unit": "tokens", "Used": 1, "Allowed": 2, "Percent": 50.0}
    budget |= {"UnknownCalls": 0, "UnpricedCalls": 0}
    given: dict[str, Rows] = {
        "traffic": [traffic(n) for n in names],
        "coverage": [{"Deployment": n, "Calls": 1} | unknown for n in names],
        "latency_in_all": [{"Deployment": n, "Calls": 9} | times for n in names],
        "budgets": [{"Consumer": n} | budget for n in names],
    }
    stack = target(budgets={"c00": {"tokens": 1}})

    many = shown(stack, FORTNIGHT, **given)
    few = shown(stack, FORTNIGHT, **{key: rows[:12] for key, rows in given.items()})

    assert many.count(": the 12 largest of 30</figcaption>") == 4
    assert "largest of" not in few


def test_a_workspace_younger_than_the_period_is_told() -> None:
    year = of(365, UNTIL)

    text = shown(period=year, cost=[cost()])

    assert "2026-03-14; none in the 369 days before" in text
    assert "First call" not in shown(cost=[cost(Day=FORTNIGHT.since)])


def test_calls_refused_before_they_were_anybodys_have_no_consumer() -> None:
    refused = traffic("", "chat", ClientErrors=1, TotalTokens=0)
    rate = refused | {"FailedPercent": 0.0, "ThrottledPercent": 0.0}
    reason = {"ResponseCode": 401, "Kind": "not allowed", "RefusedBy": "gateway", "Calls": 1}
    reason |= {"Consumer": "", "Deployment": "chat", "Reason": "Invalid", "Last": UNTIL}

    text = shown(traffic=[traffic(), refused], error_rate=[rate], errors=[reason])

    assert "1 consumer, 1 deployment" in tile(text, "Calls")
    assert text.count("(no consumer)") >= 3
    assert "(not logged)" not in text


def test_names_that_callers_made_up_are_no_deployments() -> None:
    made_up = traffic(deployment="gpt-next", ClientErrors=1, TotalTokens=0)
    unused = traffic(deployment="embed", ClientErrors=1, TotalTokens=0)

    assert "1 deployment<" in tile(shown(traffic=[traffic(), made_up]), "Calls")
    assert "2 deployments<" in tile(shown(traffic=[traffic(), unused]), "Calls")
