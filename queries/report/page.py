"""The page: one HTML document with its style and charts inside, and nothing fetched."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from queries import library
from queries.errors import CannotRunError
from queries.report import headlines, parts
from queries.report.facts import Facts
from queries.report.numbers import moment, name, utc
from queries.report.period import DAY

FOLDER = Path(__file__).parent


@cache
def _template() -> tuple[Template, Markup]:
    """Return the page's template, and its style."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2"), Markup(style)  # noqa: S704 a file beside this


def render(facts: Facts, stack: str, made: datetime) -> str:
    """Return the document's text."""
    template, style = _template()
    sections = parts.sections(facts)
    return template.render(
        style=style,
        facts=about(facts, stack, made),
        warnings=[warning for section in sections for warning in section.warnings],
        tiles=headlines.answered(facts),
        sections=sections,
        sources=[
            {
                "file": f"queries/{answer.file}.kql",
                "title": library.title(answer.file),
                "rows": answer.why or answer.counted,
                "seconds": f"{answer.seconds:.1f} s",
            }
            for answer in facts.answers.values()
            if not facts.consumer
        ],
    )


def about(facts: Facts, stack: str, made: datetime) -> dict[str, str]:
    """Return what the page covers, and whence; a consumer's says what the consumer knows."""
    target, period = facts.target, facts.period
    covered = {
        "Period": f"{moment(period.since)} to {moment(period.until)}",
        **_first_call(facts),
    }
    gateway = {"Gateway": name(target.gateway_url.removeprefix("https://"))}
    if facts.consumer:
        return {"Consumer": name(facts.consumer), **covered, **gateway, "Made": moment(made)}
    workspace = target.workspace_id.rpartition("/")[2]
    return {
        **covered,
        "Stack": name(stack, "the selected one"),
        **gateway,
        "Workspace": name(
            f"{workspace} ({target.workspace_customer_id})"
            if workspace
            else target.workspace_customer_id
        ),
        "Made": moment(made),
    }


def _first_call(facts: Facts) -> dict[str, str]:
    """Return the day of the first call, if whole days before it have none."""
    days = [utc(row["Day"]) for row in facts.rows("cost")]
    if not days or min(days) - facts.period.since < DAY:
        return {}
    before = (min(days) - facts.period.since).days
    none = f"none in the {before} days before" if before > 1 else "none in the day before"
    return {"First call": f"{min(days):%Y-%m-%d}; {none}"}


def write(text: str, file: Path) -> None:
    """Put the page in its place at once, whole.

    Raises:
        CannotRunError: the file cannot be written.
    """
    place = file.resolve()
    part = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CannotRunError(f"cannot write {file}: {error.strerror}") from None
