"""A changed text is a change to the provider, whatever ids of Azure it speaks of."""

from __future__ import annotations

import pytest

from harness.machine import Machine
from tests.components.test_seen_texts import hidden


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("live"))
    made.up()
    return made


def changed(machine: Machine) -> set[str]:
    """Logical names of what a second `up` changes in Azure."""
    before = len(machine.changes())
    machine.up()
    return {str(entry["urn"]).rsplit("::", 1)[-1] for entry in machine.changes()[before:]}


def annotate(machine: Machine, query: str) -> None:
    """Change a query's text, and nothing of what it means."""
    file = machine.project / "queries" / f"{query}.kql"
    file.write_text(file.read_text().replace("\n", "\n// A note.\n", 1))


def test_no_text_that_azure_was_given_holds_a_whole_id(live: Machine) -> None:
    given = {str(entry["urn"]): hidden(entry["inputs"]) for entry in live.changes()}
    assert len(given) > 50
    assert {urn: paths for urn, paths in given.items() if paths} == {}


def test_new_prices_and_budgets_reach_the_figures(live: Machine) -> None:
    live.configure(prices={"gpt-5.1": {"input": 9.5, "output": 19}})
    assert changed(live) == {"figures"}
    consumer = {"name": "aoai-test", "displayName": "AOAI Test", "monthlyTokens": 123456}
    live.configure(consumers=[consumer])
    assert "figures" in changed(live)


def test_new_text_of_a_rule_and_of_a_tile_is_deployed(live: Machine) -> None:
    for query in ("bypass", "latency-over-time"):
        annotate(live, query)
    assert changed(live) >= {
        "alert-bypass",
        "query-bypass",
        "query-latency-over-time",
        "workbook",
    }
