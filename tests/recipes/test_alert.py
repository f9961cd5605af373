"""The recipe for an alert, followed with a rule on a query."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

RULE = """    LogRule(
        name="slow-median",
        title="Half of the calls are slow",
        severity=WARNING,
        meaning="Half of a consumer's calls to a deployment took too many milliseconds.",
        remedy="run latency.kql: Backend against P50 tells the model endpoint from the gateway.",
        query="latency",
        parameters=lambda _: {"minimumCalls": FEW_CALLS},
        since=timedelta(hours=1),
        column="P50",
        aggregation="Maximum",
        threshold=30_000,
        unit="ms",
        dimensions=BY_CONSUMER,
        window="PT1H",
        query_range="PT1H",
        frequency="PT15M",
    ),
"""
URN = (
    "urn:pulumi:dev::azure-openai-accounted::aoai:index:Insights"
    "$azure-native:monitor:ScheduledQueryRule::alert-slow-median\n"
)
TROUBLE = """    "slow-median": Trouble(
        groups={("team-a", "chat")},
        change=setting(milliseconds=31_000),
        at_threshold=hundred(100, setting(milliseconds=30_000)),
        over=hundred(100, setting(milliseconds=30_001)),
    ),
"""


def test_it_leaves_the_tests_of_alerts_green(tmp_path: Path) -> None:
    """What a rule could break: what is declared, when it fires, how far it looks, the page."""
    copy = Copy(tmp_path, "An alert")
    place = '    LogRule(\n        name="capacity",\n'
    copy.insert("components/alerts/call_rules.py", place, RULE)
    copy.append("tests/components/snapshots/urns.txt", URN)
    copy.insert("tests/insights/troubles.py", '    "capacity": Trouble(\n', TROUBLE)
    copy.docs()
    copy.test("tests/components/test_insights.py", "tests/test_docs.py")
    copy.test("tests/components/test_example_stack.py", "-k", "urns")
    copy.test("tests/insights", "-k", "slow-median and not week")
    copy.test("tests/faults/test_document.py")
    assert "| `slow-median` | 2 |" in (copy.folder / "docs" / "alerts.md").read_text()
