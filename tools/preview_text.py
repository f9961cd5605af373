"""A preview as a comment shows it: what was refused, and why, before what would change."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 60_000
"""Characters of both parts together; GitHub takes 65,536 in a comment.

https://github.com/dead-claudia/github-limits
"""
MOST_REASONS = 20_000
"""Characters of the first part: it never crowds out the changes."""
MOST_LINES = 40
"""Lines of one report: what follows without an end of its own is part of the changes."""
CUT = "… {} lines are left out here: they are in the log of the run …"

REPORT = re.compile(r"\s+\S+@\S+ \[(mandatory|remediate|advisory)\]")
"""How the engine begins what a rule of a policy pack reports."""
ERROR = re.compile(r"\s*error: ")
COUNTS = re.compile(r"Resources:$")
BEGINNINGS = {"mandatory": REPORT, "error": ERROR, "counts": COUNTS}
CHANGE = re.compile(r"\s*[-+~>]{1,2} ?[\w-]+:[\w/-]+:")
"""A resource: `+ azure-native:resources:ResourceGroup: (create)`."""
INDENTED_SIGN = re.compile(r"^ ( *)((?:\+\+|--|\+-|-\+)(?=[ \w])|[-+~](?= ))", re.MULTILINE)
COLOURS = {"+": "+", "-": "-"}
"""The signs that a `diff` fence colours by themselves; `!` is its colour of a change."""


def plain(text: str) -> str:
    """The text without a terminal's colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip()


def reasons(text: str) -> str:
    """What was refused, what failed and how much would change; advice comes last."""
    found = list(_blocks(text.splitlines()))
    order = ("mandatory", "remediate", "error", "counts", "advisory")
    return "\n\n".join(block for kind in order for of, block in found if of == kind)


def _blocks(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each report, error and count with its kind: from its first line to where the next begins."""
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
    """A rule's report goes on at the left margin, the counts are indented, an error has no form."""
    if _kind(line):
        return True
    if kind == "counts":
        return not line.startswith(" ")
    if kind == "error":
        return bool(CHANGE.match(line)) or line.startswith("Policy Packs run:")
    return not line or line.startswith(" ")


def coloured(text: str) -> str:
    """The same lines, each sign also where a `diff` fence looks for it: at the left margin."""
    return INDENTED_SIGN.sub(lambda sign: COLOURS.get(sign[2], "!") + sign[1] + sign[2], text)


def cut(text: str, longest: int) -> str:
    """The text without its middle, if it is too long: both its beginning and its end say most."""
    if len(text) <= longest:
        return text
    half = (longest - len(CUT) - 10) // 2
    head, tail = text[:half].rpartition("\n")[0], text[-half:].partition("\n")[2]
    head, tail = head or text[:half], tail or text[-half:]
    left_out = text.count("\n") - head.count("\n") - tail.count("\n") - 1
    return f"{head}\n{CUT.format(left_out)}\n{tail}"


def fenced(language: str, text: str) -> str:
    """The text in a fence that nothing in it can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}\n"


def shown(text: str) -> str:
    """Both parts, in Markdown."""
    text = plain(text)
    first = cut(reasons(text), MOST_REASONS)
    parts = [fenced("text", first)] if first else []
    parts.append(fenced("diff", cut(coloured(text), LONGEST - len(first))))
    return "\n".join(parts)
