"""Write the tables of docs/beliefs.md: how many beliefs each room has, and each of them."""

import re
from collections import Counter

from sandbox.beliefs import beliefs, seen
from sandbox.beliefs.belief import DOCUMENTED, INFERRED, SHOWN, Belief

LONGEST = 120
"""Most characters shown of a refusal's words."""
_HEAD = """\
| room | beliefs | documented | seen in public code | inferred | seen on Azure |
|---|---|---|---|---|---|
"""
_TABLE = "\n## {}\n\n| belief | what | source | sure | seen |\n|---|---|---|---|---|\n"


def tables() -> str:
    """Return every table of the page."""
    every, when = beliefs(), seen()
    names = dict.fromkeys(one.room for one in every)
    rooms = {name: [one for one in every if one.room == name] for name in names}
    counts = [_counted(name, found, when) for name, found in rooms.items()]
    total = _counted("all", every, when)
    lists = [
        _TABLE.format(f"`sandbox/{room}`") + "".join(_row(one, when.get(one.id)) for one in found)
        for room, found in rooms.items()
    ]
    return _HEAD + "".join([*counts, total, *lists])


def _counted(name: str, found: list[Belief], when: dict[str, dict[str, str]]) -> str:
    sure = Counter(one.sure for one in found)
    shown = [sure[kind] for kind in (DOCUMENTED, SHOWN, INFERRED)]
    there = sum(one.id in when for one in found)
    return f"| {' | '.join(map(str, (name, len(found), *shown, there)))} |\n"


def _row(one: Belief, when: dict[str, str] | None) -> str:
    says = one.says if len(one.says) <= LONGEST else f"{one.says[:LONGEST]}…"
    links = ", ".join(f"[{_short(url)}]({url})" for url in one.sources)
    sure = f"{one.sure}, {one.why}" if one.why else one.sure
    there = f"{when['date']}, {when['tier']}, {when['region']}" if when else "never"
    name = one.id.partition(".")[2] or one.id
    cells = (f"`{name}`", re.sub(r"([|<>*])", r"\\\1", says), links, sure, there)
    return f"| {' | '.join(cells)} |\n".replace("|  |", "| |").replace("|  |", "| |")


def _short(url: str) -> str:
    """Shorten an address to an issue's repository and number, or a page's last part."""
    issue = re.match(r"https://github\.com/([^/]+/[^/]+)/(?:issues|pull)/(\d+)", url)
    if issue:
        return f"{issue[1]}#{issue[2]}"
    parts = url.partition("#")[0].rstrip("/").split("/")
    return "/".join(parts[3:5]) if parts[2] == "github.com" else parts[-1]
