"""Each column of the logs is judged, or left out with its reason."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from queries.check.expected import account, gateway, llm
from queries.check.proofs.whole import RULES
from queries.check.rows import TABLES, Source
from sandbox.logs.store import COLUMNS

LEFT_OUT: Mapping[Source, Mapping[str, str]] = {
    "gateway-whole": gateway.LEFT_OUT,
    "llm-whole": llm.LEFT_OUT,
    "diagnostics-whole": account.LEFT_OUT,
}


@pytest.mark.parametrize("source", TABLES)
def test_each_column_of_the_table_is_judged_or_left_out(source: Source) -> None:
    known = {column.partition(".")[0] for column in RULES[source]}

    assert COLUMNS[TABLES[source]].keys() - known == LEFT_OUT[source].keys()


@pytest.mark.parametrize("source", TABLES)
def test_what_is_left_out_has_a_reason_and_no_rule(source: Source) -> None:
    assert all(LEFT_OUT[source].values())
    assert not LEFT_OUT[source].keys() & RULES[source].keys()


@pytest.mark.parametrize("source", TABLES)
def test_each_judged_column_has_a_rule(source: Source) -> None:
    assert [column for column, rules in RULES[source].items() if not rules] == []
