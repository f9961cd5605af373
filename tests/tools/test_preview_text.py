"""A comment begins with what was refused, however long the preview is."""

from __future__ import annotations

import pytest

from tools import comment
from tools.preview_text import reasons

CHANGES = "".join(
    f"    ~ azure-native:apimanagement:Api: (update)\n        description: {number}\n"
    for number in range(4_000)
)
ADVICE = """\
    guardrails@v1.0.0 [advisory]  account-public-network  (azure-native:a:Account: account)Not open.
resource: account
found:    "Enabled"
    + azure-native:cognitiveservices:Account: (create)
        kind: "OpenAI"
"""
REFUSED = """\
    guardrails@v1.0.0 [mandatory]  api-logging  (azure-native:resources:Resource: diagnostic)Whole.
resource: diagnostic
property: sampling.percentage
found:    50
wanted:   100
fix:      set sampling to 100
    guardrails@v1.0.0 [mandatory]  capacity  (azure-native:a:Deployment: turbo)Below the ceiling.
resource: turbo
found:    2000
error: preview failed
Resources:
    ~ 4000 to update

Policy Packs run:
    Name        Version
    guardrails  1.0.0
"""


def parts(text: str) -> tuple[str, str]:
    """What stands in the first fence, and in the second."""
    shown = comment.body("Preview", text)
    first, _, second = shown.partition("\n```\n\n```diff\n")
    return first.partition("```text\n")[2], second


@pytest.mark.parametrize("text", [ADVICE + CHANGES + REFUSED, REFUSED + CHANGES, REFUSED])
def test_what_was_refused_comes_first_and_whole(text: str) -> None:
    first, _ = parts(text)
    assert first.startswith(REFUSED.partition("\n    guardrails@")[0])
    assert "[mandatory]  capacity" in first
    assert "found:    2000\n\nerror: preview failed\n\nResources:\n    ~ 4000 to update" in first
    assert "description: 1" not in first
    assert "Policy Packs run" not in first


def test_advice_comes_after_what_refuses() -> None:
    first, _ = parts(ADVICE + CHANGES + REFUSED)
    assert first.index("error: preview failed") < first.index("[advisory]")
    assert first.endswith('found:    "Enabled"')


def test_an_error_is_told_with_its_lines() -> None:
    told = 'error: 1 value is wrong.\n\n  capture = "x"\n    allowed: full'
    text = f"+ pulumi:pulumi:Stack: (create)\n{told}\nResources:\n    + 1 to create\n"
    assert reasons(text) == f"{told}\n\nResources:\n    + 1 to create"


def test_an_error_amid_the_changes_takes_none_of_them_along() -> None:
    assert reasons(f"error: no quota\n{CHANGES}") == "error: no quota"
    assert reasons("error: no quota\n    +-azure-native:a:B: (replace)") == "error: no quota"


def test_of_a_long_text_the_middle_is_left_out_and_counted() -> None:
    lines = [f"line {number}" for number in range(20_000)]
    shown = comment.body("Preview", "\n".join(lines))
    assert len(shown) < 65_536
    assert "\nline 0\n" in shown
    assert "\nline 19999\n" in shown
    kept = sum(line in lines for line in shown.splitlines())
    assert f"… {len(lines) - kept} lines are left out here" in shown


def test_many_reasons_leave_room_for_the_changes() -> None:
    shown = comment.body("Preview", REFUSED * 1_000 + CHANGES)
    assert len(shown) < 65_536
    assert "description: 3999" in shown


def test_one_line_longer_than_a_comment_is_cut_too() -> None:
    assert len(comment.body("Preview", "x" * 100_000)) < 65_536


def test_signs_stand_where_a_diff_is_coloured_and_no_character_is_lost() -> None:
    text = "    + a:b:C: (create)\n      ~ p: 1 => 2\n    +-d:e:F\n    -- g\n    - h\n+ i\n  none"
    _, diff = parts(f"{text}\nResources:\n    + 1 to create")
    lines = diff.splitlines()
    assert [line[0] for line in lines[:7]] == ["+", "!", "!", "!", "-", "+", " "]
    assert [line[1:] for line in lines[:5]] == [line[1:] for line in text.splitlines()[:5]]
