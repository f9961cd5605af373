"""Write a preview for a comment: first what was refused, and why, then what would change."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 60_000
"""Most characters of both parts together; GitHub takes 65,536 in a comment.

https://github.com/dead-claudia/github-limits
"""
MOST_REASONS = 20_000
"""Most characters of the first part, so that it never crowds out the changes."""
MOST_LINES = 40
"""Most lines of one report: further lines, if no end was found, belong to the changes."""
CUT = "… {} lines are left out here: they are in the log of the run …"

REPORT = re.compile(r"\s+\S+@\S+ \[(mandatory|remediate|advisory)\]")
"""Beginning of a report by a rule of a policy pack."""
ERROR = re.compile(r"\s*error: ")
COUNTS = re.compile(r"Resources:$")
BEGINNINGS = {"mandatory": REPORT, "error": ERROR, "counts": COUNTS}
CHANGE = re.compile(r"\s*[-+~>]{1,2} ?[\w-]+:[\w/-]+:")
"""Line of a resource: `+ azure-native:resources:ResourceGroup: (create)`."""
INDENTED_SIGN = re.compile(r"^ ( *)((?:\+\+|--|\+-|-\+)(?=[ \w])|[-+~](?= ))", re.MULTILINE)
COLOURS = {"+": "+", "-": "-"}
"""Signs that a `diff` fence colours; other signs of a change become `!`, which it colours too."""


def plain(text: str) -> str:
    """Return the text without a terminal's colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip()


def reasons(text: str) -> str:
    """Return what was refused, what failed and how much would change; advice comes last."""
    found = list(_blocks(text.splitlines()))
    order = ("mandatory", "remediate", "error", "counts", "advisory")
    return "\n\n".join(block for kind in order for of, block in found if of == kind)


def _blocks(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each report, error and count with its kind, from its first line to the next one's."""
    starts = [(number, kind) for number, line in enumerate(lines) if (kind := _kind(line))]
    for number, kind in starts:
        end = number + 1
        while end < min(len(lines), number + MOST_LINES) and not _ends(kind, lines[end]):
            end += 1
        yield kind, "\n".join(lines[number:end]).rstrip()


def _kind(line: str) -> str:
    if report := REPORT.match(line):
        return report[1]
    return next((kind for kind, begins in BEGINNINGS.items() if begins.match(line)), "")


def _ends(kind: str, line: str) -> bool:
    """Tell whether a line ends a block: reports go on at the margin, counts are indented."""
    if _kind(line):
        return True
    if kind == "counts":
        return not line.startswith(" ")
    if kind == "error":
        return bool(CHANGE.match(line)) or line.startswith("Policy Packs run:")
    return not line or line.startswith(" ")


def coloured(text: str) -> str:
    """Repeat each line's sign at the left margin, where a `diff` fence looks for it."""
    return INDENTED_SIGN.sub(lambda sign: COLOURS.get(sign[2], "!") + sign[1] + sign[2], text)


def cut(text: str, longest: int) -> str:
    """Cut the middle out of a text that is too long: its beginning and its end say most."""
    if len(text) <= longest:
        return text
    half = (longest - len(CUT) - 10) // 2
    head, tail = text[:half].rpartition("\n")[0], text[-half:].partition("\n")[2]
    head, tail = head or text[:half], tail or text[-half:]
    left_out = text.count("\n") - head.count("\n") - tail.count("\n") - 1
    return f"{head}\n{CUT.format(left_out)}\n{tail}"


def fenced(language: str, text: str) -> str:
    """Put the text into a fence that nothing in the text can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}\n"


def shown(text: str) -> str:
    """Write both parts in Markdown."""
    text = plain(text)
    first = cut(reasons(text), MOST_REASONS)
    parts = [fenced("text", first)] if first else []
    parts.append(fenced("diff", cut(coloured(text), LONGEST - len(first))))
    return "\n".join(parts)
