"""Compose the gateway's policy from its fragments in `policies/gateway`, and judge each file.

`azure-openai.xml` is the document of one account, `azure-openai-accounts.xml` that of several, and
a file in `fragments/` what an `include-fragment` of them stands for. They are put together here,
not by API Management: a preview then shows every line, and the stack needs no resource for a
fragment.
https://learn.microsoft.com/azure/api-management/policy-fragments
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from string import Template

from policies.gateway.reader import parse

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "policies" / "gateway"
DOCUMENT, FRAGMENTS = FOLDER / "azure-openai.xml", FOLDER / "fragments"
SEVERAL = "azure-openai-accounts.xml"
"""Name of the document of several accounts, beside that of one."""
OWN = {DOCUMENT.name: {"account"}, SEVERAL: {"accounts", "no-account"}}
"""Fragments that one document alone includes."""
TOKENS = frozenset({"token-callers", "token-refused"})
"""Fragments of a policy that lets callers in by tokens, which any other does without."""
PLACEHOLDERS = frozenset(
    {
        *("audience", "backendUrl", "timeout", "accountingHeader", "readableLength"),
        *("checks", "routes", "backend", "tripSeconds", "plans"),
        *("withoutKey", "tokenConfiguration", "tokenAudience", "tokenIssuer"),
        *("tokenIssuerV2", "tokenConsumers"),
    }
)
"""What `components/openai_api/policy.py` fills in."""
_INCLUDE = re.compile(r'^( *)<include-fragment fragment-id="([\w-]+)" />\n', re.MULTILINE)


@cache
def template(
    without: Collection[str] = frozenset(), *, several: bool = False, tokens: bool = False
) -> Template:
    """Return the whole document, its placeholders still in it, but for some fragments.

    `several` takes the document of several accounts; `tokens` has the fragments for callers by
    tokens in it.

    Raises:
        ValueError: a file is missing, empty or not well-formed, has a placeholder that nobody fills
            or a `$` before none, or a fragment is included nowhere. The message names it.
    """
    file = DOCUMENT.with_name(SEVERAL) if several else DOCUMENT
    text = _read(file, "policies")
    named = [name for _, name in _INCLUDE.findall(text)]
    parts = {name: _inside(_read(FRAGMENTS / f"{name}.xml", "fragment")) for name in named}
    _check_included(file, text)

    def put(found: re.Match[str]) -> str:
        left_out = found[2] in without or (found[2] in TOKENS and not tokens)
        lines = [] if left_out else parts[found[2]]
        return "".join(f"{found[1]}{line}\n" if line else "\n" for line in lines)

    return Template(_INCLUDE.sub(put, text))


def _check_included(file: Path, text: str) -> None:
    """Refuse a document that lacks a fragment, or includes one twice in a section.

    Raises:
        ValueError: a fragment that is not the other document's own is not there once.
    """
    others = OWN[SEVERAL] if file == DOCUMENT else OWN[DOCUMENT.name]
    needed = {one.stem for one in FRAGMENTS.glob("*.xml")} - others
    sections = [[name for _, name in _INCLUDE.findall(part)] for part in text.split("</")]
    named = {name for found in sections for name in found}
    unused = sorted(needed - named)
    count = sum(map(len, sections))
    twice = any(len(found) != len(set(found)) for found in sections)
    if unused or twice or text.count("<include-fragment") != count:
        names = ", ".join(unused) or "each fragment"
        raise ValueError(
            f"{_shown(file)} must include {names} once, on a line of its own: "
            '<include-fragment fragment-id="name" />'
        )


def _read(file: Path, root: str) -> str:
    """Return the text of a file that is one element of that name."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ValueError(f"{_shown(file)} cannot be read: {reason}") from error
    document = parse(text)
    if document is None or [one.name for one in document.children] != [root]:
        what = "is not well-formed XML" if text.strip() else "is empty"
        raise ValueError(f"{_shown(file)} {what}: it must be one <{root}>, each tag closed")
    _check_placeholders(file, text)
    return text


def _check_placeholders(file: Path, text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        template = Template(line)
        unknown = sorted(set(template.get_identifiers()) - PLACEHOLDERS)
        if unknown or not template.is_valid():
            what = f"unknown placeholder {unknown[0]}" if unknown else "$ before no placeholder"
            allowed = ", ".join(f"${{{name}}}" for name in sorted(PLACEHOLDERS))
            raise ValueError(
                f"{_shown(file)}, line {number}: {what}; allowed are {allowed}, and $$ for a $"
            )


def _inside(text: str) -> list[str]:
    """Return the lines between the tags of a fragment, two blanks less far in."""
    inner = text[text.index("<fragment>") + len("<fragment>") : text.rindex("</fragment>")]
    return [line.removeprefix("  ").rstrip() for line in inner.strip("\n").splitlines()]


def _shown(file: Path) -> str:
    """Name a file as a person sees it from the project's folder."""
    return file.relative_to(PROJECT).as_posix()
