"""The recipe for a query, followed with one of tokens."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

QUERY = """// Tokens by hour
// Question: How many tokens were spent in each hour?
// Parameters: since (datetime), until (datetime), gateway (string: ARM id, "" for all), \
api (string: API id, "" for all)
// Columns: Hour, TotalTokens
let since = ago(1d);
let until = now();
let gateway = "";
let api = "";
// several accounts: // Host of the account whose calls count, "" for those of all.
// several accounts: let backend = "";
// >>> queries/shared/tokens.kql
// <<< queries/shared/tokens.kql

calls
| summarize TotalTokens = coalesce(sum(Total), 0) by Hour = bin(Time, 1h)
| order by Hour asc
"""
ANSWER = """

def test_tokens_by_hour(database: Database) -> None:
    gateway(database, "a")
    llm(database, "a", 0, TotalTokens=5)

    assert [row["TotalTokens"] for row in database.ask(load("tokens-by-hour"))] == [5]
"""


def test_it_leaves_the_tests_of_queries_green(tmp_path: Path) -> None:
    """What a query could break: its answer, what holds of all, what is deployed, the page."""
    copy = Copy(tmp_path, "A query")
    copy.write("queries/tokens-by-hour.kql", QUERY)
    copy.append("tests/queries/test_kql.py", ANSWER)
    copy.docs()
    of_it = "tokens-by-hour or tokens_by_hour or compose or analyzer"
    copy.test("tests/queries", "--ignore", "tests/queries/test_workbook_kql.py", "-k", of_it)
    deployed = ("tests/components/test_example_stack.py", "tests/components/test_saved_queries.py")
    copy.test(*deployed, "tests/faults", "tests/test_docs.py", "-k", "urns or saved or doc")
    assert "tokens-by-hour.kql" in (copy.folder / "docs" / "queries.md").read_text()
