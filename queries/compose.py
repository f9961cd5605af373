"""Write the parts that several queries have in common into them: `python -m queries.compose`.

KQL has no include, and each file must run where it is pasted. So a common part is written once, and
this command copies it between two lines of every query that needs it:

    // >>> common part, from queries/shared/tokens.kql: change it there, then run …
    // <<< end of queries/shared/tokens.kql

What stands outside of these lines is the question. `queries/prices.json` becomes the line of the
parameter `prices`. What is deployed has the parts without the two lines: see `library.load`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from queries.library import FOLDER, MARK, literal, price_list

PART = re.compile(
    r"^// >>> .*?queries/(?P<part>[\w/-]+\.\w+).*\n"
    r"(?:(?!// >>> ).*\n)*?"
    r"// <<< .*queries/(?P=part)\n",
    re.MULTILINE,
)


def composed(text: str) -> str:
    """Return a query's text with every common part as it is written now.

    Raises:
        ValueError: a line that begins or ends a part lacks the other, or names no file.
    """
    found = PART.findall(text)
    if 2 * len(found) != len(MARK.findall(text)):
        raise ValueError("a common part needs a line `// >>> …` and a line `// <<< …` of one file")
    return PART.sub(lambda match: _between_marks(match["part"]), text)


def _between_marks(part: str) -> str:
    return (
        f"// >>> common part, from queries/{part}: "
        "change it there, then run `python -m queries.compose`\n"
        f"{_text(part)}"
        f"// <<< end of queries/{part}\n"
    )


def _text(part: str) -> str:
    if part == "prices.json":
        return f"let prices = {literal(price_list()['models'])};\n"
    file = FOLDER / part
    if not file.is_file():
        raise ValueError(f"there is no queries/{part}")
    return file.read_text(encoding="utf-8")


def main() -> int:
    """Rewrite the queries whose common parts have changed, and name them."""
    changed: dict[Path, str] = {}
    for file in sorted(FOLDER.glob("*.kql")):
        old = file.read_text(encoding="utf-8")
        try:
            new = composed(old)
        except ValueError as error:
            print(f"{file.name}: {error}; nothing is written", file=sys.stderr)
            return 1
        if new != old:
            changed[file] = new
    for file, text in changed.items():
        file.write_text(text, encoding="utf-8")
        print(f"{file.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
