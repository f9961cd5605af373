"""The recipe for a tile, followed with one of a query and one of a metric."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

TILES = """        LogTile(
            title="Metrics that arrived",
            query="metrics",
            columns=(Column("MetricName", "Metric"), Column("Total", "Total", Format.NUMBER)),
            tail=("| project MetricName, Total",),
            empty="No metric reached the workspace in this time.",
        ),
        MetricTile(
            title="Ratio of blocked calls",
            question="Which share of requests met no server error, at its worst?",
            metrics=(Metric("AzureOpenAIAvailabilityRate", "Availability", Of.AVERAGE),),
        ),
"""


def test_it_leaves_the_tests_of_the_workbook_green(tmp_path: Path) -> None:
    """What a tile could break: the document, the queries as the portal sends them, the page."""
    copy = Copy(tmp_path, "A tile of the workbook")
    place = '        MetricTile(\n            title="Training hours",\n'
    copy.insert("components/insights/workbook/provisioned.py", place, TILES)
    copy.docs()
    copy.test("tests/components/test_workbook.py", "tests/test_docs.py")
    copy.test("tests/queries/test_workbook_kql.py", "-k", "analyzer or arrived")
    page = (copy.folder / "docs" / "workbook.md").read_text()
    assert "| PTU and fine-tuning | Metrics that arrived |" in page
