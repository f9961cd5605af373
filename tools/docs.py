"""Write every part of a document that follows from the code: `make docs`.

Such a part stands between two marks, of which the first names it. What a person types stands
outside of them, and a part moves with its marks:

    <!-- make docs: queries -->
    <!-- end -->

In Pulumi.yaml the marks are comments of YAML. The table of settable properties is written whole.
Golden files, docs/sabotage.md and
docs/reliability.md come of long runs, and have commands of their own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from components.alerts import reference as alerts
from components.insights.workbook import reference as workbook
from components.settings import reference as settings
from queries import compose, library
from queries.check import proofs
from sandbox.beliefs import page as beliefs
from tools import settable

ROOT = Path(__file__).resolve().parents[1]
_PART = re.compile(
    r"^(?P<begin>(?:<!--|#) make docs: (?P<name>[\w-]+).*\n)(?:.*\n)*?(?P<end>(?:<!--|#) end.*)$",
    re.MULTILINE,
)
_SPECIAL = re.compile(r"(`[^`]*`)|([|<>*\\])")
"""Code, which stands as it is, or a letter that Markdown would take for its own."""


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """Return a table of Markdown; `head` names its columns, parted by ` | `."""
    rule = "---|" * (head.count("|") + 1)
    lines = ["".join(f" {_cell(text)} |" if text else " |" for text in row) for row in rows]
    return f"| {head} |\n|{rule}\n" + "".join(f"|{line}\n" for line in lines)


def _cell(text: str) -> str:
    return _SPECIAL.sub(lambda found: found[1] or f"\\{found[2]}", text)


@cache
def parts() -> dict[str, Callable[[], str]]:
    """Return what writes each part, by the part's name."""
    return {
        "config": settings.project_config,
        "keys": lambda: table("key | default | allowed | meaning", settings.keys()),
        "item-keys": lambda: table("of | key | default | allowed | meaning", settings.item_keys()),
        "queries": lambda: table("title | question | file", _queries()),
        "proofs": lambda: table("proof | what it proves", _proofs()),
        "alerts": lambda: table(alerts.HEAD, alerts.rows()),
        "tiles": lambda: table(workbook.HEAD, workbook.rows()),
        "guardrails": _guardrails,
        "beliefs": beliefs.tables,
    }


def documents() -> Iterator[tuple[Path, str, str]]:
    """Yield each document that has such a part, its text, and the text that it must have."""
    for file in (ROOT / "Pulumi.yaml", ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = file.read_text(encoding="utf-8")
        if _PART.search(text):
            yield file, text, _PART.sub(_written, text)
    yield settable.FILE, settable.FILE.read_text(encoding="utf-8"), settable.text()


def named(text: str) -> list[str]:
    """Return the names of the parts that a document has."""
    return [found["name"] for found in _PART.finditer(text)]


def main() -> int:
    """Write what is no longer as the code says, and name it; the queries' common parts first."""
    if compose.main():
        return 1
    for file, text, wanted in documents():
        if text != wanted:
            file.write_text(wanted, encoding="utf-8")
            print(f"written: {file.relative_to(ROOT)}")
    return 0


def _written(found: re.Match[str]) -> str:
    space = "\n" if found["begin"].startswith("<") else ""
    return f"{found['begin']}{space}{parts()[found['name']]()}{space}{found['end']}"


def _queries() -> Iterator[tuple[str, ...]]:
    for name in library.names():
        file = f"[{name}.kql](../queries/{name}.kql)"
        yield library.title(name), library.question(name), file


def _proofs() -> Iterator[tuple[str, str]]:
    for proof in proofs.PROOFS:
        yield f"`{proof.id}`", proof.about


def _guardrails() -> str:
    # The engine runs the pack from its own folder, so that its modules are imported from there.
    sys.path.append(str(ROOT / "policies" / "guardrails"))
    from pack import reference  # noqa: PLC0415 - found only now

    return table(reference.HEAD, reference.rows())


if __name__ == "__main__":
    sys.exit(main())
