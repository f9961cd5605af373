"""A file of the gateway's policy that is not whole is one clear error, before anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pulumi
import pytest

from components.settings import policy_document
from tests.components.harness import run_without_insights

USAGE = "fragments/stream-usage.xml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the policy's files, read instead of them."""
    copied = tmp_path / "policies" / "gateway"
    shutil.copytree(policy_document.FOLDER, copied)
    monkeypatch.setattr(policy_document, "PROJECT", tmp_path)
    monkeypatch.setattr(policy_document, "DOCUMENT", copied / "azure-openai.xml")
    monkeypatch.setattr(policy_document, "FRAGMENTS", copied / "fragments")
    policy_document.template.cache_clear()
    yield copied
    policy_document.template.cache_clear()


def edit(file: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def edited(folder: Path) -> None:
        (folder / file).write_text(change((folder / file).read_text()))

    return edited


INCLUDE = '    <include-fragment fragment-id="stream-usage" />\n'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / USAGE).unlink(), f"{USAGE} cannot be read: No such file"),
        (lambda folder: (folder / USAGE).write_bytes(b"\xff"), f"{USAGE} cannot be read: it is no"),
        (edit(USAGE, lambda _: " \n"), f"{USAGE} is empty: it must be one <fragment>"),
        (edit("azure-openai.xml", lambda _: ""), "azure-openai.xml is empty: it must be one <pol"),
        (edit(USAGE, lambda text: text.replace("</choose>", "", 1)), f"{USAGE} is not well-formed"),
        (edit(USAGE, lambda text: text.replace('}" />', '" />')), f"{USAGE} is not well-formed"),
        (edit(USAGE, lambda text: text * 2), f"{USAGE} is not well-formed XML: it must be one <fr"),
        (
            edit("fragments/account.xml", lambda text: text.replace("backendUrl", "backendURL")),
            "account.xml, line 2: unknown placeholder backendURL; allowed are ${accountingHeader}",
        ),
        (
            edit(USAGE, lambda text: text.replace("$$", "$", 1)),
            f"{USAGE}, line 5: $ before no placeholder; allowed are",
        ),
        (
            edit("azure-openai.xml", lambda text: text.replace(INCLUDE, "")),
            "must include stream-us",
        ),
        (edit("azure-openai.xml", lambda text: text.replace(INCLUDE, INCLUDE * 2)), "must include"),
        (
            edit("azure-openai.xml", lambda text: text.replace(INCLUDE, INCLUDE.strip())),
            "must include stream-usage, token once, on a line of its own",
        ),
        (
            edit("azure-openai.xml", lambda text: text.replace('"stream-usage"', '"usage"')),
            "fragments/usage.xml cannot be read: No such file",
        ),
    ],
)
def test_a_file_that_is_not_whole_is_named_before_any_resource(
    folder: Path, change: Callable[[Path], None], words: str
) -> None:
    change(folder)
    with pytest.raises(pulumi.RunError, match="the gateway's policy: policies/gateway/") as error:
        run_without_insights()
    assert words in str(error.value)
    assert str(error.value).endswith("Nothing was changed.")


def test_a_fragment_stands_whole_where_it_is_included(folder: Path) -> None:
    text = policy_document.template().substitute(dict.fromkeys(policy_document.PLACEHOLDERS, "x"))
    assert "include-fragment" not in text
    assert '      <when condition="@(context.Request.Body != null\n' in text
    assert "$" in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    without = policy_document.template(frozenset({"stream-usage"}))
    assert "stream" not in without.template
    assert folder.exists()


def test_the_stack_file_decides_whether_streams_are_asked_for_usage() -> None:
    def policy(**config: str) -> str:
        return str(run_without_insights(config).inputs("openai-api-policy")["value"])

    assert "asking-for-usage" in policy()
    assert "asking-for-usage" not in policy(streamUsage="leave")
    with pytest.raises(pulumi.RunError, match="allowed: ensure or leave"):
        policy(streamUsage="on")
