"""`docs/queries.md` lists every query, and README tells how many there are.

`.venv/bin/python -m pytest tests/queries/test_docs.py --golden` writes both.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from queries.library import names, question, title

ROOT = Path(__file__).resolve().parents[2]
README, DOCUMENT = ROOT / "README.md", ROOT / "docs" / "queries.md"
COUNT = re.compile(r"\d+(?= queries run and return)")
HEAD = """# Questions to the workspace

Paste a file of `queries/` into the workspace's Logs page: its parameters stand at the top. Where
the stack has *Insights*, each is in the portal's query editor too, under "Azure OpenAI, accounted".

Tokens come from the best source that has them (LLM log, response body, streamed usage, response
header), which is shown; what cannot be known is counted as unknown, never dropped.

What several queries have in common stands in each of them between a line `// >>>` and a line
`// <<<`; the rest of the file is the question. A common part is changed in `queries/shared/`, and
`python -m queries.compose` writes it into every query that has it.

| title | question | file |
|---|---|---|
"""


def page() -> str:
    return HEAD + "".join(
        f"| {title(name)} | {question(name)} | [{name}.kql](../queries/{name}.kql) |\n"
        for name in names()
    )


def test_every_query_is_listed_and_counted(request: pytest.FixtureRequest) -> None:
    readme = COUNT.sub(str(len(names())), README.read_text())
    if request.config.getoption("--golden"):
        DOCUMENT.write_text(page())
        README.write_text(readme)

    assert DOCUMENT.read_text() == page()
    assert README.read_text() == readme
    assert COUNT.search(readme), "README shows the check's line about the queries"
