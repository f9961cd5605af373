"""The page in a real headless Chromium."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.queries.truth import source, unanswered
from tests.report.fortnight import CONSUMERS, PRICES, Timed, within

A4 = 687
"""CSS pixels between the page's margins: 210 mm less twice 14, at 96 to the inch."""
CONTRAST = Path(__file__).with_name("contrast.js").read_text()


@contextmanager
def opened(browser: Browser, report: Path, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page, and what went wrong while it was drawn."""
    context = browser.new_context(**options)
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    page.on("request", lambda request: wrong.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_load_state("networkidle")
    yield page, wrong
    context.close()


def tile(page: Page, label: str) -> float:
    shown = page.locator(".tile", has=page.get_by_role("heading", name=label, exact=True))
    return float(shown.get_attribute("data-value") or "nan")


def table(page: Page, caption: str) -> dict[str, dict[str, Any]]:
    """Rows by heading and column: the number behind a cell, or its text."""
    found = page.locator("table", has=page.locator("caption", has_text=re.compile(f"^{caption}")))
    columns, *rows = found.evaluate(
        "table => [...table.rows].map(row => [...row.cells].map("
        "cell => cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value)))"
    )
    return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


def too_wide(browser: Browser, report: Path) -> list[Any]:
    """Tables wider than A4, for which Chromium would print all of the page at a smaller scale."""
    with opened(browser, report, viewport={"width": A4, "height": 900}) as (page, _):
        page.emulate_media(media="print")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        widths = page.evaluate(
            "[...document.querySelectorAll('table')].map(table => "
            "[table.caption.textContent, Math.floor(table.getBoundingClientRect().width)])"
        )
        assert len(widths) > 10
        widths.append(["page", page.evaluate("document.documentElement.scrollWidth")])
        return [table for table in widths if table[1] > A4]


def test_it_is_drawn_without_an_error_and_asks_for_nothing(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, wrong):
        assert wrong == [report.as_uri()]
        assert page.locator("script, link, img, iframe").count() == 0
        assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?(?:https?:)?//", report.read_text())


def test_headlines_equal_the_calls(browser: Browser, report: Path, calls: list[Timed]) -> None:
    truth = within(calls)
    known = [call for call in truth if source(call) != "unknown"]
    answered = len(truth) - sum(map(unanswered, truth))
    failed = sum(call.status == 503 for call in truth)
    prices = PRICES["gpt"]
    cost = sum(
        call.tokens[0] * prices["input"] + call.tokens[1] * prices["output"]
        for call in known
        if call.deployment == "chat"
    )

    with opened(browser, report) as (page, _):
        assert tile(page, "Calls") == len(truth)
        assert tile(page, "Tokens") == sum(call.total for call in known)
        assert tile(page, "Cost") == pytest.approx(cost / 1_000_000)
        assert tile(page, "Error rate") == pytest.approx(100 * failed / len(truth))
        assert tile(page, "Accounted for") == pytest.approx(100 * len(known) / answered)
        assert "no price for emb, old" in page.locator(".headlines").inner_text()


def test_tables_equal_the_calls(browser: Browser, report: Path, calls: list[Timed]) -> None:
    truth = within(calls)
    tokens: dict[str, int] = defaultdict(int)
    days: dict[str, int] = defaultdict(int)
    for time, _, call in calls:
        if source(call) != "unknown":
            tokens[call.consumer] += call.total
            days[f"{time:%Y-%m-%d}"] += call.total

    with opened(browser, report) as (page, _):
        consumers = table(page, "Consumers$")
        assert {key: row["tokens"] for key, row in consumers.items()} == tokens
        assert sum(row["calls"] for row in consumers.values()) == len(truth)
        by_day = table(page, "Tokens by consumer, per day")
        total = by_day.pop("all")
        sums = {day: sum(v for v in row.values() if v != day) for day, row in by_day.items()}
        assert sums == days
        assert sum(v for v in total.values() if v != "all") == sum(tokens.values())
        coverage = table(page, "Calls whose tokens are known")
        ended = sum(map(unanswered, truth))
        unknown = sum(source(call) == "unknown" for call in truth) - ended
        assert sum(row["unknown"] for row in coverage.values()) == unknown > 0
        assert sum(row["without a whole answer"] for row in coverage.values()) == ended > 0
        stopped = table(page, "What was stopped")
        assert sum(row["calls"] for row in stopped.values()) > 0
        errors = table(page, "Calls without success")["all"]
        assert errors["throttled"] == sum(call.status == 429 for call in truth)


def test_a_dozen_consumers_are_drawn_as_the_largest_and_the_rest(
    browser: Browser, report: Path
) -> None:
    with opened(browser, report) as (page, _):
        legend = page.locator("#tokens-by-consumer .legend li").all_inner_texts()

    assert len(legend) == 6
    assert legend[0] == CONSUMERS[0]
    assert legend[-1] == f"{len(CONSUMERS) - 5} others"


def test_every_chart_has_a_name_a_text_and_its_data(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        titles = page.locator("figcaption").all_inner_texts()
        assert len(titles) >= 11
        for title in titles:
            assert page.get_by_role("img", name=title, exact=True).count() == 1
        shown = page.locator("figure svg[role=img]:visible")
        assert shown.count() == len(titles)
        assert page.locator("figure table").count() == len(titles)
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))
        named = page.evaluate(
            "[...document.querySelectorAll('svg[role=img]')].every(svg => "
            "['labelledby', 'describedby'].every(kind => "
            "document.getElementById(svg.getAttribute('aria-' + kind))?.textContent))"
        )
        assert named


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out_sideways(browser: Browser, report: Path, width: int) -> None:
    with opened(browser, report, viewport={"width": width, "height": 800}) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = page.evaluate(
            "[...document.querySelectorAll('figure div > svg')].filter(svg => svg.clientWidth)"
            ".flatMap(svg => [...svg.querySelectorAll('text')].filter(text => {"
            "const a = text.getBoundingClientRect(), b = svg.getBoundingClientRect();"
            "return a.left < b.left - 1 || a.right > b.right + 1; })).map(t => t.textContent)"
        )
        assert cut == []


@pytest.mark.parametrize(
    ("scheme", "media"),
    list(itertools.product(["light", "dark"], ["screen", "print"])),
)
def test_all_text_and_every_mark_stand_out(
    browser: Browser, report: Path, scheme: Any, media: Any
) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for what a chart is read by (1.4.11)."""
    with opened(browser, report, color_scheme=scheme) as (page, _):
        page.emulate_media(media=media, color_scheme=scheme)
        found = page.evaluate(CONTRAST)

    assert found["texts"] > 300
    assert found["marks"] > 100
    assert found["low"] == []
    dark = scheme == "dark" and media == "screen"
    assert (found["lightness"] < 0.05) if dark else (found["lightness"] > 0.8)


def test_paper_is_white_and_its_charts_are_those_for_a_desk(browser: Browser, report: Path) -> None:
    with opened(browser, report, color_scheme="dark") as (page, _):
        page.emulate_media(media="print", color_scheme="dark")
        for part in ("body", ".tile >> nth=0", ".part >> nth=0"):
            style = "e => getComputedStyle(e).backgroundColor"
            assert page.locator(part).evaluate(style) == "rgb(255, 255, 255)"
        assert page.locator(".wide svg:visible").count() == page.locator("figure").count()
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) > 5


def test_no_heading_on_paper_is_broken_within_a_word(browser: Browser, report: Path) -> None:
    with opened(browser, report, viewport={"width": A4, "height": 900}) as (page, _):
        page.emulate_media(media="print")
        words = page.evaluate(
            "[...document.querySelectorAll('.scroll thead th')].filter(th => th.offsetParent)"
            ".flatMap(th => [...th.firstChild.data.matchAll(/[^ ]+/g)].map(word => {"
            "const range = document.createRange();"
            "range.setStart(th.firstChild, word.index);"
            "range.setEnd(th.firstChild, word.index + word[0].length);"
            "return [word[0], range.getClientRects().length]; }))"
        )
    assert len(words) > 40
    assert [word for word in words if word[1] != 1] == []


def test_captions_are_read_whole_on_a_phone(browser: Browser, report: Path) -> None:
    with opened(browser, report, viewport={"width": 400, "height": 800}) as (page, _):
        ends = page.evaluate(
            "[...document.querySelectorAll('caption span')].filter(e => e.offsetParent)"
            ".map(e => { e.textContent = 'and what it is about '.repeat(4);"
            "return e.getBoundingClientRect().right; })"
        )
    assert len(ends) > 10
    assert max(ends) <= 400


def test_no_table_is_wider_than_the_paper(browser: Browser, report: Path) -> None:
    assert too_wide(browser, report) == []
