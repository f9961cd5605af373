"""A page for a consumer: what it alone used, made from its own rows and nothing else."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import track

from queries.errors import CannotRunError
from queries.outputs import Target
from queries.report import page
from queries.report.ask import Answer
from queries.report.facts import Facts
from queries.report.numbers import name as printable
from queries.report.numbers import number
from queries.report.questions import TOP, Question
from queries.workspace import Row

NAMED = 20
"""Consumers that an error names: the most like the one that is not there."""
PLAIN = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)\Z)[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9])?")
"""Names that are file names everywhere as they are.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions
"""
DIGITS, KEPT = 16, 40
"""Digits of its hash, and letters of a name, in the file name of one that is not plain."""


def known(target: Target, rows: Sequence[Row]) -> dict[str, str]:
    """Return the consumers of the stack and of rows as they are spelled, by name in small letters.

    API Management takes a name in any letter case for the same.
    """
    called = sorted({row["Consumer"] for row in rows if row["Consumer"]})
    names = [*target.consumers, *target.budgets, *called]
    return {name.lower(): name for name in reversed(names)}


def the_one(name: str, names: Mapping[str, str]) -> str:
    """Return a consumer's name as it is spelled.

    Raises:
        CannotRunError: there is no such consumer.
    """
    if found := names.get(name.lower()):
        return found
    nearest = difflib.get_close_matches(name.lower(), names, NAMED, cutoff=0)
    there = ", ".join(printable(names[one]) for one in nearest) or "none"
    more = len(names) - len(nearest)
    raise CannotRunError(
        f"no consumer is called {name!r}; there are: {there}"
        + (f" and {more} more" if more else "")
    )


def each(facts: Facts, asked: Mapping[str, Question]) -> dict[str, Facts]:
    """Return what is to be told to each consumer, by its name in small letters.

    It is made from the consumer's own rows alone. A call without a consumer is in none.
    """
    rows: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    every = [row for answer in facts.answers.values() for row in answer.rows]
    for key, answer in facts.answers.items():
        for row in answer.rows:
            rows[(row["Consumer"] or "").lower()][key].append(row)
    return {
        lower: _own(facts, name, rows[lower], asked)
        for lower, name in sorted(known(facts.target, every).items())
    }


def _own(
    facts: Facts, name: str, rows: Mapping[str, list[Row]], asked: Mapping[str, Question]
) -> Facts:
    """Return facts in which nothing tells of another consumer, the stack's settings included."""
    target = facts.target
    called = {str(row.get("Deployment")).lower() for own in rows.values() for row in own}
    models = {str(row["Model"]).lower() for row in rows.get("cost", ())}
    own = replace(
        target,
        consumers=(name,),
        accounts=(),
        deployments=tuple(d for d in target.every_deployment if d.name.lower() in called),
        budgets={one: b for one, b in target.budgets.items() if one.lower() == name.lower()},
        prices={m: price for m, price in target.prices.items() if _is_of(m.lower(), models)},
    )
    answers = {
        key: _answer(answer, rows.get(key, []), asked[key].top)
        for key, answer in facts.answers.items()
    }
    return Facts(target=own, period=facts.period, answers=answers, consumer=name)


def _is_of(priced: str, models: set[str]) -> bool:
    """Tell whether a price may be that of a model, whose name may end in its version's date."""
    return any(model == priced or model.startswith(f"{priced}-") for model in models)


def _answer(answer: Answer, rows: list[Row], top: str) -> Answer:
    """Return what of an answer is a consumer's; why one failed may quote the query, and others.

    Rows that are equal in the measure have an order of their own, not that of a larger answer.
    """
    if top:
        rows = sorted(rows, key=lambda row: (-number(row[top]), repr(row)))[:TOP]
    why = "the workspace gave none" if answer.failed else ""
    return Answer(file=answer.file, rows=rows, why=why, failed=answer.failed)


def file_name(name: str) -> str:
    """Return the name of a consumer's file: the same in each run, and no other consumer's.

    A name that is no file name on every system ends in its hash, behind a sign no plain one has.
    """
    lower = name.lower()
    if PLAIN.fullmatch(lower):
        return f"{lower}.html"
    kept = re.sub(r"[^a-z0-9]+", "-", lower[:KEPT]).strip("-")
    return f"{kept}~{hashlib.sha256(lower.encode()).hexdigest()[:DIGITS]}.html"


def publish(pages: Mapping[str, Facts], folder: Path, made: datetime, console: Console) -> None:
    """Put a page for each consumer in its place, all at once: the folder is whole or not there.

    Raises:
        CannotRunError: the folder cannot be written.
    """
    place = folder.resolve()
    part = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        part.mkdir()
        shown = track(pages.items(), "drawing the pages", console=console, transient=True)
        for name, facts in shown:
            text = page.render(facts, "", made)
            (part / file_name(name)).write_text(text, encoding="utf-8")
        if place.exists():
            place.rmdir()
        part.rename(place)
    except OSError as error:
        raise CannotRunError(f"cannot write {folder}: {error.strerror}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
