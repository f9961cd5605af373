"""Several accounts behind the API: each answers in turn, and logs and counts what it answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.check.arm import ACCOUNT
from tests.check.azure import host_of
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, of
from tests.check.stack import Row, deployment

pytestmark = pytest.mark.slow
OTHER = f"{ACCOUNT}-weu"
IDS = {"swc": ACCOUNT, "weu": OTHER}


def account(name: str, **more: Any) -> Row:
    """One of several accounts, as the output has it."""
    url = f"https://{host_of(IDS[name])}"
    said = {"name": name, "id": IDS[name], "endpoint": f"{url}/", "backendUrl": f"{url}/openai"}
    said |= {"existing": False, "keys": "refuse", "kind": "OpenAI", "priority": 1, "weight": 1}
    return said | {"deployments": [deployment()], "diagnosticSetting": "to-workspace"} | more


def two(**more: Any) -> dict[str, Any]:
    """A stack with two accounts, of which `more` changes the second."""
    return {"accounts": [account("swc"), account("weu", **more)]}


@pytest.fixture
def several(run: Run) -> Run:
    """Two accounts that answer in turn."""
    run.azure.backends = (ACCOUNT, OTHER)
    return run


def test_each_account_that_answered_is_seen(several: Run) -> None:
    report = several("--timeout", "5", **two())

    assert of(report, "accounts")[:2] == (
        "seen",
        "answered by text-turbo of swc, text-turbo of weu",
    )


def test_a_first_round_that_no_log_has_is_excused(several: Run) -> None:
    """The diagnostic setting acts only once the first calls have been made."""
    clock = several.clock
    early = dict.fromkeys((LOGS, LLM, DIAGNOSTICS), lambda row: row if clock.time > 300 else None)
    several.azure.change = early

    report = several("--timeout", "60", **two())

    assert ends(report)["caller"] == ends(report)["accounts"] == "seen", of(report, "accounts")


def test_a_call_that_no_log_has_is_waited_for(several: Run) -> None:
    several.azure.change = {LOGS: lambda row: None if row["CorrelationId"] == "corr-2" else row}

    assert ends(several("--timeout", "1", **two()))["accounts"] in {"timeout", "waiting"}
