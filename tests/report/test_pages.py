"""A page for each consumer: which there are, their files, and the folder they are in."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from queries.report import page
from queries.report.consumers import file_name
from queries.report.facts import Facts
from tests.report.everybody import CALLERS, IDLE, STACK, Asking, Same
from tests.report.fortnight import Stored, workspace
from tests.report.test_browser import opened


@pytest.mark.parametrize("name", ["serch", "", 'x" | take 1 //', "idl", "sales\n"])
def test_a_name_that_nobody_has_is_refused_with_those_that_there_are(
    asking: Asking, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = asking.folder / "own.html"

    assert asking.run(STACK, "--consumer", name, "--out", str(file)) == 2

    said = capsys.readouterr().err
    assert said.startswith(f"queries.report: no consumer is called {name!r}; there are: ")
    assert said.count("\n") == 1
    assert all(one.lower() in said.lower() for one in [*CALLERS, IDLE])
    assert not file.exists()
    assert len(asking.asked) == 1, "who called, and nothing for a page"


def test_of_very_many_consumers_the_nearest_are_named(
    asking: Asking, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"team-{n:03}" for n in range(300)]
    stack = STACK | {"consumers": names, "budgets": {}}

    assert asking.run(stack, "--consumer", "taem-123", "--out", str(asking.folder / "o.html")) == 2

    said = capsys.readouterr().err
    assert "team-123" in said
    assert f"and {300 + len(CALLERS) - 20} more" in said


def test_a_stack_without_consumers_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asking = Asking(tmp_path, Stored(workspace([])))
    bare = STACK | {"consumers": [], "budgets": {}}

    assert asking.run(bare, "--consumer", "a", "--out", str(tmp_path / "o.html")) == 2

    assert capsys.readouterr().err.endswith("there are: none\n")


def test_a_thousand_pages_take_the_questions_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "render", lambda facts, *_: facts.consumer)
    counts = {}
    for size in (1, 1_000):
        names = [f"team-{n}" for n in range(size)]
        folder = tmp_path / f"of-{size}"
        asking = Asking(
            tmp_path, Same([{"Consumer": n, "Model": "gpt", "Calls": 1} for n in names])
        )
        stack = STACK | {"consumers": names, "budgets": {}}
        assert asking.run(stack, "--consumers", str(folder)) == 0
        assert {file.read_text() for file in folder.iterdir()} == set(names)
        counts[size] = len(asking.asked)

    assert counts[1] == counts[1_000] == 7


NAMES = (
    *("team", "Team-2", "team_2", "team 2", "team/2", "team.2", "team:2", "team?2", "team-2-"),
    *("con", "CON-", "aux", "com1", "lpt9", "nul.txt", "", ".", "..", "...", "-", "~", "~team"),
    *("../etc", "\u00e9t\u00e9", "e\u0301te\u0301", "\u202eexe", "x" * 80, "x" * 400, "x" * 401),
    *("<b>", 'a"b', "a'b", "a\\b", "a|b", "a*b", "a\x00b", "team~2", "con~1", "\U0001f600"),
)


def test_file_names_are_safe_everywhere_and_collide_nowhere() -> None:
    found = {name: file_name(name) for name in NAMES}
    reserved = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}

    assert len({one.casefold() for one in found.values()}) == len(NAMES)
    for one in found.values():
        assert set(one) <= set(string.ascii_lowercase + string.digits + "-_~.")
        assert one.count(".") == 1
        assert one.endswith(".html")
        assert one.partition(".")[0] not in reserved
        assert len(one) <= 120
        assert not one.startswith((".", "-"))
    assert found["team"] == "team.html", "most names are their own file's"
    assert file_name("TEAM") == "team.html", "as API Management takes them for the same"


@pytest.mark.parametrize(
    ("failure", "status"), [(OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)]
)
def test_a_folder_is_whole_or_not_there(
    asking: Asking,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: BaseException,
    status: int,
) -> None:
    drawn: list[str] = []

    def render(facts: Facts, *_: object) -> str:
        drawn.append(facts.consumer)
        if len(drawn) == 4:
            raise failure
        return "page"

    monkeypatch.setattr(page, "render", render)

    assert asking.run(STACK, "--consumers", str(asking.folder / "pages")) == status

    assert {file.name for file in asking.folder.iterdir()} == {"outputs.json"}
    assert ("cannot write" if status == 2 else "interrupted") in capsys.readouterr().err


def test_an_empty_folder_is_filled_and_another_is_left(
    asking: Asking, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "render", lambda *_: "page")
    folder = asking.folder / "pages"
    folder.mkdir()

    assert asking.run(STACK, "--consumers", str(folder)) == 0
    assert len(list(folder.iterdir())) == len(CALLERS) + 1

    asked = len(asking.asked)
    with pytest.raises(SystemExit):
        asking.run(STACK, "--consumers", str(folder))
    assert "is no empty or new folder" in capsys.readouterr().err
    assert len(asking.asked) == asked


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "one of the arguments --out --consumers is required"),
        (("--out", "o.html", "--consumers", "p"), "not allowed with argument --out"),
        (("--consumer", "a", "--consumers", "p"), "name one with --consumer and --out"),
        (("--consumer", "a"), "one of the arguments --out --consumers is required"),
        (("--consumers", "no/such/place"), "there is no folder"),
        (("--consumers", "outputs.json"), "is no empty or new folder"),
    ],
)
def test_options_that_do_not_go_together(
    asking: Asking,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(asking.folder)
    with pytest.raises(SystemExit) as end:
        asking.run(STACK, *options)

    assert end.value.code == 2
    assert said in capsys.readouterr().err
    assert asking.asked == []


@pytest.mark.parametrize("width", [320, 1280])
def test_a_consumers_page_is_drawn_within_the_screen_and_fetches_nothing(
    browser: Browser, pages: dict[str, str], tmp_path: Path, width: int
) -> None:
    for name, text in pages.items():
        file = tmp_path / name
        file.write_text(text)
        with opened(browser, file, viewport={"width": width, "height": 800}) as (shown, wrong):
            assert wrong == [file.as_uri()]
            shown.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
            assert shown.locator("script, img, iframe").count() == 0
            targets = shown.locator("nav a").evaluate_all("all => all.map(a => a.hash.slice(1))")
            assert all(shown.locator(f"[id='{one}']").count() == 1 for one in targets)
