from __future__ import annotations

from typing import Any

import pytest

from sandbox.logs import kql
from sandbox.logs.shorter import shorter

SHAPES = {
    "Calls": {"TimeGenerated": "datetime", "Name": "string", "Body": "dynamic", "Size": "int"},
    "Others": {"TimeGenerated": "datetime", "Name": "string", "Body": "string", "Size": "real"},
}
TIME = "2026-01-01T00:00:00"
ROWS: dict[str, list[Any]] = {
    "Calls": [
        {"TimeGenerated": TIME, "Name": "a", "Body": "text", "Size": 1},
        {"TimeGenerated": TIME, "Name": "", "Body": ["x", {"y": 1}], "Size": 2},
        {"TimeGenerated": TIME, "Name": "it's", "Body": True},
    ],
    "Others": [{"TimeGenerated": TIME, "Name": "a", "Body": "t", "Size": 1.5}],
}
HOLDS = "extend Empty = isempty({0}), Text = tostring({0}), Both = strcat({0}, '!')"
QUERIES = [
    "Calls | " + HOLDS.format("Name"),
    "Calls | " + HOLDS.format("Body"),
    "Calls | " + HOLDS.format("Size"),
    "Others | " + HOLDS.format("Body"),
    "union (Calls | project Name), (Others | project Name) | " + HOLDS.format("Name"),
    "Calls | extend Name = Body | " + HOLDS.format("Name"),
    "Calls | extend Name = Size | " + HOLDS.format("Name"),
    "Calls | extend Name = isempty(Name) | " + HOLDS.format("Name"),
    "Calls | extend Name = TimeGenerated | " + HOLDS.format("Name"),
    "Calls | extend Name = iff(Size == 1, tostring(Body), Name) | " + HOLDS.format("Name"),
    "Calls | extend New = case(Size == 1, Name, 'none') | " + HOLDS.format("New"),
    "Calls | extend New = toint(Name) | " + HOLDS.format("New"),
    "Calls | project-rename Gone = Name, Name = Body | " + HOLDS.format("Name"),
    "Calls | project Name, List = pack_array(Name, 1) | mv-expand Name = List | "
    + HOLDS.format("Name"),
    "Calls | summarize Name = max(Size) | " + HOLDS.format("Name"),
    "Calls | summarize Name = max(Name) | " + HOLDS.format("Name"),
    "Calls | summarize Name = make_list(Name) | " + HOLDS.format("Name"),
    "Calls | summarize arg_max(Size, Name) by TimeGenerated | " + HOLDS.format("Name"),
    "Calls | join kind=leftouter (Others | project Name, Body) on Name | " + HOLDS.format("Body1"),
    "Calls | join kind=leftouter (Others | project Name, Body) on Name | " + HOLDS.format("Name1"),
    "let whose = strcat('/sub', '/it\\'s'); Calls | where Name != whose | extend Whose = whose",
    "datatable(Name: dynamic)[dynamic({'a': 1}), dynamic('b')] | " + HOLDS.format("Name"),
    "Calls | count as Name | " + HOLDS.format("Name"),
    "print Name = 1 | " + HOLDS.format("Name"),
    "range Name from 1 to 2 step 1 | " + HOLDS.format("Name"),
]


@pytest.mark.parametrize("text", QUERIES)
def test_the_answer_is_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = _answer(text)
    monkeypatch.setattr(kql, "shorter", lambda sql, *_: sql)
    assert _answer(text) == answer


def _answer(text: str) -> Any:
    """The answer, or why the engine has none."""
    try:
        return kql.run(text, SHAPES, ROWS)
    except Exception as error:  # noqa: BLE001 whatever it is, it must be the same
        return repr(error)


def test_what_is_known_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def both(sql: str, *given: Any) -> str:
        seen.append((len(sql), len(shorter(sql, *given))))
        return sql

    monkeypatch.setattr(kql, "shorter", both)
    for text in (QUERIES[0], QUERIES[-5], QUERIES[1]):
        kql.run(text, SHAPES, ROWS)
    (string, less), (constant, shorter_constant), (dynamic, as_long) = seen
    assert less < string / 4
    assert shorter_constant < constant
    assert as_long == dynamic, "a dynamic value has its type in itself"
