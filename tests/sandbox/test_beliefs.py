"""Each rule of the sandbox names its source and how sure it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox import arm, beliefs
from sandbox.arm.base import AZURE
from sandbox.beliefs import belief, code, data
from sandbox.engine.operations import LATENCY
from sandbox.gateway.policy import STATEMENTS

PULUMI = "https://www.pulumi.com/a"
IDS = [one.id for one in beliefs.beliefs()]


def test_every_rule_says_where_from_and_how_sure() -> None:
    assert not beliefs.faults(), "a docstring names its source, or ends in a line `Sure: …`"


def test_no_two_beliefs_have_one_name() -> None:
    assert len(IDS) == len(set(IDS))


def test_what_refuses_or_acts_is_a_belief() -> None:
    """What the sandbox looks up at run time is there, found from the other side."""
    rules = [one for one in arm._RULES.values() if one.__name__ != "<lambda>"]
    assert {f"{r.__module__.partition('.')[2]}.{r.__name__}" for r in rules} <= set(IDS)
    assert {f"arm.azure.refusals.{code}" for code in AZURE["refusals"]} <= set(IDS)
    assert {f"engine.latency.{kind}.{op}" for kind in LATENCY for op in LATENCY[kind]} <= set(IDS)
    actions = {action.__qualname__ for _, action in STATEMENTS.values()}
    named = {name for name in actions if "<lambda>" not in name}
    assert named
    assert {f"gateway.policy.{name}" for name in named} <= set(IDS)


def test_what_was_seen_on_azure_is_still_believed() -> None:
    assert beliefs.seen().keys() <= set(IDS)
    for when in beliefs.seen().values():
        assert when.keys() == {"date", "tier", "region"}


def room(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(belief, "ROOMS", folder / "sandbox")
    file = folder / "sandbox" / "room" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ('def rule():\n    """Refuse."""\n', ""),
        ('def _rule():\n    """Refuse."""\n    raise refuse("No")\n', ""),
        ('class C:\n    def rule(self):\n        """Refuse."""\n', ""),
        ('def rule():\n    """Refuse.\n\n    Sure: documented.\n    """\n', ""),
        ('def rule():\n    """It: https://learn.microsoft.com/a."""\n', "documented"),
        ('def rule():\n    """It: https://github.com/a/b/issues/1."""\n', "seen in public code"),
        (
            'def rule():\n    """It: https://learn.microsoft.com/a https://github.com/a/b/pull/1."""',
            "seen in public code",
        ),
        ('def rule():\n    """It: https://management.azure.com."""\n', ""),
        (
            'def rule():\n    """It.\n\n    https://pulumi.com/a\n\n    Sure: inferred.\n    """',
            "inferred",
        ),
        ('MOST = 1\n"""It: https://learn.microsoft.com/a"""\n', "documented"),
        ('"""M.\n\nSure: inferred.\n"""\ndef rule():\n    """Refuse."""\n', "inferred"),
        (f'"""M: {PULUMI}\n\nSure: documented.\n"""\ndef rule():\n    """It."""\n', "documented"),
        (f'"""M: {PULUMI}"""\ndef rule():\n    """It."""\n', ""),
        (f'"""M: {PULUMI}"""\ndef rule():\n    """It.\n\n    Sure: documented.\n    """', ""),
        (
            '"""https://github.com/a/b/pull/1\n\nSure: documented."""\ndef rule():\n    """It."""',
            "seen in public code",
        ),
    ],
)
def test_a_rule_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sure: str
) -> None:
    (found,) = code.from_code(room(tmp_path, "rules.py", text, monkeypatch))
    assert found.sure == sure
    assert bool(found.fault) is not bool(sure)


@pytest.mark.parametrize("words", ["is inferred", "is not known", "no page says it"])
def test_words_that_tell_of_a_doubt_demand_inferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    text = f'def rule():\n    """It; that {words}.\n\n    https://pulumi.com/a\n'
    file = room(tmp_path, "rules.py", f'{text}    """\n', monkeypatch)
    (found,) = code.from_code(file)
    assert "tells of a doubt" in found.fault
    file.write_text(f'{text}    Sure: inferred.\n    """\n')
    (found,) = code.from_code(file)
    assert (found.sure, found.fault) == ("inferred", "")


def test_an_address_alone_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = room(tmp_path, "rules.py", 'def rule():\n    """https://pulumi.com/a."""\n', monkeypatch)
    (found,) = code.from_code(file)
    assert found.fault == "does not say what it believes"


def test_what_only_serves_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'def _helper():\n    """Help."""\n\n\n'
    text += 'def run():\n    """Run.\n\n    Sure: no belief.\n    """\n'
    found = [*code.from_code(room(tmp_path, "rules.py", text, monkeypatch))]
    assert [(one.id, one.sure, one.fault) for one in found] == [("room.rules.run", "no belief", "")]


def test_an_entry_without_a_source_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issue = "https://github.com/a/b/issues/1"
    table = {
        "sources": {"sizes.most": "https://learn.microsoft.com/a"},
        "sure": {"guess": "inferred"},
        "sizes": {"most": 1},
        "guess": 2,
        "bare": 3,
        "mute": {"source": issue},
        "says": {"sizes": "How many", "guess": "How few"},
        "refusals": {
            "Shown": {"status": 400, "text": "No.", "source": issue},
            "Inferred": {"status": 400, "text": "No.", "sure": "inferred"},
            "Bare": {"status": 400, "text": "No."},
        },
    }
    file = room(tmp_path, "table.json", json.dumps(table), monkeypatch)
    found = {one.id.removeprefix("room.table."): one for one in data.from_data(file)}
    assert {name: one.sure for name, one in found.items()} == {
        "sizes": "documented", "guess": "inferred", "bare": "",
        "refusals.Shown": "seen in public code", "refusals.Inferred": "inferred",
        "refusals.Bare": "", "mute": "seen in public code",
    }  # fmt: skip
    assert [name for name, one in found.items() if one.fault] == ["bare", "mute", "refusals.Bare"]
