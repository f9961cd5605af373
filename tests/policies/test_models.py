from __future__ import annotations

from typing import Any

from pack import models
from pack.resource import UNKNOWN, Resource

from tests.policies.harness import passes, resource, unknown, wrong


def deployment(name: Any = "gpt-5.1", version: Any = "2025-11-13") -> Resource:
    model = {"name": name, "version": version}
    return resource("cognitiveservices:Deployment", {"properties": {"model": model}})


def test_a_model_that_retires() -> None:
    judge, today = models.not_retiring, "2027-01-01"
    assert passes(judge, deployment(), today=today)
    report = wrong(judge, deployment("GPT-5.1"), today="2027-03-01")
    assert "gpt-5.1 2025-11-13, which retires on 2027-05-15" in report
    assert passes(judge, deployment(), today="2027-03-01", days=30)
    assert passes(judge, deployment(), today="2027-02-13")
    assert "for 90 days more" in wrong(judge, deployment(), today="2027-02-14")
    assert "retired on" in wrong(judge, deployment("gpt-35-turbo", "0613"), days=0)
    assert passes(judge, deployment("gpt-new", "1"), today=today)
    assert unknown(judge, deployment(version=UNKNOWN))


def test_a_model_without_a_version_retires_with_its_last() -> None:
    judge = models.not_retiring
    report = wrong(judge, deployment("gpt-35-turbo", None), today="2026-11-21")
    assert "gpt-35-turbo (no version; of all versions the last), which retired on" in report
    assert passes(judge, deployment("gpt-5.1", None), today="2026-11-21")
    assert passes(judge, deployment("gpt-new", None), today="2026-11-21")


def test_a_model_that_closes_to_new_subscriptions() -> None:
    judge = models.open_to_newcomers
    report = wrong(judge, deployment(), today="2026-11-27")
    assert "gpt-5.1 2025-11-13, which closed to new subscriptions on 2026-11-13" in report
    assert "az cognitiveservices model list" in report
    assert passes(judge, deployment(), today="2026-11-12")
    assert "which closes to" in wrong(judge, deployment(), today="2026-11-12", days=1)
    assert passes(judge, deployment("gpt-5.6-luna", "2026-07-09"), today="2026-11-27")
    assert passes(judge, deployment("text-embedding-3-small", "1"), today="2026-11-27")
    assert passes(judge, deployment("gpt-new", "1"), today="2026-11-27")
    assert unknown(judge, deployment(version=UNKNOWN))


def test_a_version_closes_before_it_retires() -> None:
    table = models.retirements()
    assert table.closing
    assert all(day < table.dates[key] for key, day in table.closing.items())


def test_a_table_of_retirements_that_is_old_or_lacks_the_model() -> None:
    judge, today = models.known, "2026-11-21"
    assert passes(judge, deployment(), today=today)
    report = wrong(judge, deployment(), today="2027-04-04")
    assert "judged by models.json of 2026-10-05, 181 days old" in report
    assert passes(judge, deployment(), today="2027-04-04", tableDays=365)
    assert "gpt-new (no version)" in wrong(judge, deployment("gpt-new", None), today=today)
    assert unknown(judge, deployment(UNKNOWN), today=today)
    assert models.retirements().source.startswith("https://learn.microsoft.com/")
