"""Whatever the logs hold, the page shows it as text, and no text of a call."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.queries.database import Database, gateway, llm
from tests.report.conftest import make
from tests.report.fortnight import OUTPUTS, TARGET, UNTIL, Stored
from tests.report.test_browser import opened, too_wide

NAMES = (
    "</svg><script>document.title = 'taken'</script>",
    '" onload="document.title = \'taken\'" x="',
    "<img src=x onerror=\"document.title='taken'\">",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!--",
    "&lt;b&gt;&amp;",
    "fill=\"#0a0b01\" url(#clip0) 'a' datum.value",
    "\u202egnp.exe\x00\x1b[31m\ud7ff",
    "x" * 5_000,
)
SECRETS = ("what the user asked", "what the model answered")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = Database()
    time = (UNTIL - timedelta(days=2)).replace(tzinfo=None)
    for number, name in enumerate(NAMES):
        row: dict[str, Any] = {
            "ApimSubscriptionId": name,
            "OperationId": name,
            "CallerIpAddress": name,
            "LastErrorReason": name,
            "Url": f"https://gateway/openai/deployments/{name.replace('/', '|')}/chat/completions",
            "RequestBody": f'{{"messages":[{{"role":"user","content":"{SECRETS[0]}"}}]}}',
            "ResponseBody": f'{{"choices":[{{"message":{{"content":"{SECRETS[1]}"}}}}]}}',
            "TimeGenerated": time,
            "TotalTime": 100,
            "ResponseCode": 500 if number % 2 else 200,
            "BackendResponseCode": 500 if number % 2 else 200,
        }
        gateway(database, f"call-{number}", **row)
        llm(
            database, f"call-{number}", 0, TimeGenerated=time, DeploymentName=name, ModelName=name,
            PromptTokens=1_000 + number, CompletionTokens=5, TotalTokens=1_005 + number,
            RequestMessages=[{"content": SECRETS[0]}], ResponseMessages=[{"content": SECRETS[1]}],
        )  # fmt: skip
    return make(Stored(database), tmp_path_factory.mktemp("hostile"), {"proof": TARGET})


def test_names_from_the_logs_stay_text(browser: Browser, page: Path) -> None:
    with opened(browser, page) as (shown, wrong):
        assert wrong == [page.as_uri()]
        assert shown.title().startswith("Azure OpenAI usage")
        assert shown.locator("script, img, iframe, [onload], [onerror]").count() == 0
        text = shown.locator("#callers").inner_text()
        assert all(name in text for name in NAMES[:7])
        assert shown.evaluate("document.documentElement.scrollWidth") <= 1280
    assert "\u202e" not in page.read_text()
    assert "x" * 100 not in page.read_text()


def test_hostile_names_do_not_widen_a_phone(browser: Browser, page: Path) -> None:
    with opened(browser, page, viewport={"width": 390, "height": 800}) as (shown, _):
        assert shown.evaluate("document.documentElement.scrollWidth") <= 390


def test_hostile_names_do_not_widen_paper(browser: Browser, page: Path) -> None:
    assert too_wide(browser, page) == []


def test_no_prompt_and_no_completion_is_in_a_page(page: Path, report: Path) -> None:
    said = (*SECRETS, "all work and no play", "good day", "be kind")
    assert not [text for text in said for file in (page, report) if text in file.read_text()]


def test_empty_names_are_named_as_such(tmp_path: Path) -> None:
    database = Database()
    time = (UNTIL - timedelta(days=1)).replace(tzinfo=None)
    llm(database, "a", 0, TimeGenerated=time, DeploymentName="d", TotalTokens=3, PromptTokens=3)

    assert "(not logged)" in make(Stored(database), tmp_path, OUTPUTS).read_text()
