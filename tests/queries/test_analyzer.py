"""Every `.kql` file is accepted by Microsoft's own analyzer, with the tables' real columns."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from queries.library import (
    PLANS,
    SEVERAL_ACCOUNTS,
    TOKEN_CALLERS,
    Value,
    has,
    load,
    names,
    render,
)
from tests.queries.tables import COLUMNS, PARAMETERS

ANALYZER = Path(__file__).parent / "analyzer"
NODE = Path(sys.prefix) / "bin" / "node"


def analyze(queries: dict[str, str]) -> dict[str, list[str]]:
    assert all(path.exists() for path in (NODE, ANALYZER / "node_modules")), (
        "no KQL analyzer: once npm reaches a package index, run make clean setup"
    )
    done = subprocess.run(
        [str(NODE), str(ANALYZER / "analyze.js")],
        input=json.dumps({"tables": COLUMNS, "queries": queries}),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_the_analyzer_accepts_every_query_and_refuses_wrong_ones() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    queries = {name: load(name) for name in names()}
    marked = (SEVERAL_ACCOUNTS, TOKEN_CALLERS, PLANS)
    queries |= {f"{name} with every line": load(name, *marked) for name in names()}
    given: dict[str, Value] = {**PARAMETERS, "api": "miyagi-api", "since": since, "until": since}
    filled = {
        f"{name} filled": render(name, **{k: v for k, v in given.items() if has(name, k)})
        for name in names()
    }
    wrong = {
        "no column": "ApiManagementGatewayLlmLog | project ApiId",
        "no table": "ApiManagementGatewayLlmLogs | take 1",
        "no syntax": "AzureMetrics | wherever",
    }

    found = analyze({**queries, **filled, **wrong})

    refused = {name for name, diagnostics in found.items() if diagnostics}
    assert refused == set(wrong), found
