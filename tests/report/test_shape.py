"""Rows become what is drawn: nothing is lost, and nothing unknown becomes zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from queries.report import numbers, period, shape

UNTIL = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
FORTNIGHT = period.of(14, UNTIL)


def rows(number: int) -> list[dict[str, object]]:
    times = (FORTNIGHT.since + timedelta(days=day, hours=5) for day in range(3))
    return [
        {"Time": time.replace(tzinfo=None), "Consumer": f"c{index:02}", "Tokens": 1_000 - index}
        for time in times
        for index in range(number)
    ]


@pytest.mark.parametrize("number", [0, 1, 5, 6, 7, 12, 300])
def test_the_largest_and_the_rest_add_up_to_all(number: int) -> None:
    found = shape.series(rows(number), "Consumer", "Tokens", FORTNIGHT)

    assert sum(found.values.values()) == sum(3 * (1_000 - index) for index in range(number))
    assert sum(found.totals.values()) == sum(found.values.values())
    assert list(found.names) == [f"c{index:02}" for index in range(number if number < 7 else 5)]
    assert found.rest == (f"{number - 5} others" if number > 6 else "")


def test_a_row_for_each_step_and_the_sum() -> None:
    found = shape.series(rows(2), "Consumer", "Tokens", FORTNIGHT)
    table = shape.by_step(found, FORTNIGHT, "tokens")

    assert len(table.rows) == 15 + 1
    assert [cell.text for cell in table.rows[0]] == ["2026-03-01", "1,000", "999"]
    assert [cell.text for cell in table.rows[3]] == ["2026-03-04", "0", "0"]
    assert [cell.text for cell in table.rows[-1]] == ["all", "3,000", "2,997"]


def test_names_that_callers_invent_do_not_make_a_table_without_end() -> None:
    sums = {f"d{index:03}": {"Calls": 1.0, "Tokens": index} for index in range(500)}

    kept = shape.folded(sums, str)

    assert len(kept) == shape.LONGEST + 1
    assert list(kept)[-1] == f"{500 - shape.LONGEST} others"
    assert sum(entry["Tokens"] for entry in kept.values()) == sum(range(500))
    assert shape.folded(dict(list(sums.items())[:40]), str) == dict(list(sums.items())[:40])


def test_what_is_not_known_is_no_zero() -> None:
    found = shape.series(rows(1), "Consumer", "Tokens", FORTNIGHT)
    table = shape.by_step(found, FORTNIGHT, "cost", numbers.usd, None)

    assert table.rows[3][1].text == numbers.NOTHING
    assert table.rows[3][1].value is None


@pytest.mark.parametrize(
    ("days", "since", "step", "steps"),
    [
        (1, datetime(2026, 3, 14, 10, tzinfo=UTC), period.HOUR, 25),
        (3, datetime(2026, 3, 12, 10, tzinfo=UTC), period.HOUR, 73),
        (14, datetime(2026, 3, 1, tzinfo=UTC), period.DAY, 15),
        (120, datetime(2025, 11, 15, tzinfo=UTC), period.DAY, 121),
        (365, datetime(2025, 3, 10, tzinfo=UTC), period.WEEK, 53),
    ],
)
def test_a_period_begins_with_a_whole_step(
    days: int, since: datetime, step: timedelta, steps: int
) -> None:
    found = period.of(days, UNTIL)

    assert (found.since, found.step, len(found.steps)) == (since, step, steps)
    assert found.steps[-1] < UNTIL <= found.steps[-1] + step


def test_weeks_are_those_of_kusto() -> None:
    """`bin(…, 7d)` counts from the year 1, which began on a Monday."""
    assert period.of(365, UNTIL).since.strftime("%A") == "Monday"


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (numbers.count, None, "\N{EN DASH}"),
        (numbers.count, 1234567, "1,234,567"),
        (numbers.compact, 999_499, "999,499"),
        (numbers.compact, 999_999, "1 M"),
        (numbers.compact, 2_470_000, "2.47 M"),
        (numbers.compact, 999_900_000, "1 G"),
        (numbers.compact, 12_345_678_901, "12.3 G"),
        (numbers.compact, 1_234_567e9, "1,235 T"),
        (numbers.percent, 0, "0 %"),
        (numbers.percent, 0.001, "< 0.01 %"),
        (numbers.percent, 0.25, "0.25 %"),
        (numbers.percent, 99.999, "99.99 %"),
        (numbers.percent, 100, "100 %"),
        (numbers.percent, 250, "250.0 %"),
        (numbers.usd, 0.0012, "< $0.01"),
        (numbers.usd, 1234.5, "$1,234.50"),
        (numbers.milliseconds, 999, "999 ms"),
        (numbers.milliseconds, 1240, "1.24 s"),
        (numbers.milliseconds, 95_100, "95.1 s"),
    ],
)
def test_numbers_as_a_person_reads_them(
    show: Callable[[float], str], value: float, text: str
) -> None:
    assert show(value) == text


def test_names_are_printable_and_short() -> None:
    assert numbers.name("a\x00b\u202ec\n") == "a\ufffdb\ufffdc\ufffd"
    assert numbers.name("") == numbers.name(None) == "(not logged)"
    assert len(numbers.name("x" * 500)) == numbers.LONGEST_NAME
