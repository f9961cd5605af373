"""Every mistake ends the check with its status, and its own cause named.

A representative few run here; `make sabotage` runs them all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.machine import Machine
from harness.sabotage.mistakes import MISTAKES
from harness.sabotage.outcome import Outcome, outcomes
from harness.sabotage.site import Site

FEW = (
    "role of the wrong kind",
    "no key asked for",
    "product unpublished",
    "key passed on to the account",
    "backend of another account that answers",
    "second API without diagnostics",
    "deployment renamed",
    "half of the calls sampled",
    "backend response without body",
    "frontend response with body",
    "answers buffered",
    "usage not asked for",
    "stored responses offered",
    "LLM logs without completions",
    "tables of AzureDiagnostics",
    "gateway's logs in another workspace",
)


@pytest.fixture(scope="module")
def found(deployed: Machine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The outcomes of the few, by name."""
    chosen = [one for one in MISTAKES if one.name in FEW]
    folder = tmp_path_factory.mktemp("broken")
    return {one.mistake.name: one for one in outcomes(deployed, folder, chosen)}


@pytest.mark.parametrize("name", FEW)
def test_mistake_is_told_by_its_cause(found: dict[str, Outcome], name: str) -> None:
    outcome = found[name]
    assert outcome.fault == "", f"{outcome.message}\n{outcome.printed}"


def test_every_mistake_can_be_made(deployed: Machine, tmp_path: Path) -> None:
    for number, mistake in enumerate(MISTAKES):
        mistake.apply(Site(deployed, tmp_path / str(number)))


def test_suite_is_large_and_its_names_differ() -> None:
    names = [one.name for one in MISTAKES]
    assert len(names) >= 34
    assert len(set(names)) == len(names)
    assert {one.status for one in MISTAKES} == {1}
    assert all(one.words for one in MISTAKES)
