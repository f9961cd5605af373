"""Policies and JSON, compared by what they say; and the first place at which two part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from policies.gateway.reader import LITERAL, Element, parse

_SPACE = re.compile(f"({LITERAL.pattern})|\\s+")
_POLICIES = re.compile(r"\s*(<!--.*?-->\s*)*<(policies|fragment)\b", re.DOTALL)
NAMES = ("name", "id", "fragment-id")
"""Attributes by which a person tells statements of one name apart."""
HELD = 3
"""Most statements inside a lost or added one that are named."""
NOTHING = object()


@dataclass(frozen=True)
class Parting:
    """The first place at which two documents say something else."""

    where: str
    """A statement, an attribute or the text of one, or a path in JSON."""
    mine: str | None
    """What the first document says there; None for nothing."""
    theirs: str | None


def same_document(one: str, other: str) -> bool:
    """Compare two texts as JSON or as policy documents, if both are."""
    if one.lstrip()[:1] in {"{", "["}:
        return _json(one) is not None and _json(one) == _json(other)
    found = _policies(one, other)
    return found is not None and difference(*found) is None


def parting(one: str, other: str) -> Parting | None:
    """Find where two documents part; None if they do not, or one is no document."""
    if found := _policies(one, other):
        return difference(*found)
    first, second = _json(one), _json(other)
    if not isinstance(first, dict | list) or not isinstance(second, dict | list):
        return None
    return _in_json("", first, second)


def difference(one: Element, other: Element) -> Parting | None:
    """Find the first statement in which two policies differ; None if none does.

    Comments and white space count only in texts of expressions.
    """
    if one.name != other.name:
        return Parting(_called(one), _shown(one), _shown(other))
    mine, theirs = _attributes(one), _attributes(other)
    if lost := sorted(name for name in mine | theirs if mine.get(name) != theirs.get(name)):
        where = f"{lost[0]} of {_called(one) if lost[0] not in NAMES else one.name}"
        return Parting(where, mine.get(lost[0]), theirs.get(lost[0]))
    if (first := _said(one.text)) != (second := _said(other.text)):
        return Parting(f"the text of {_called(one)}", first or None, second or None)
    return _among(one.children, other.children)


def _among(mine: Sequence[Element], theirs: Sequence[Element]) -> Parting | None:
    """Find the first difference among statements, of which some may be lost or added."""
    for one, other in zip(mine, theirs, strict=False):
        if found := difference(one, other):
            if len(mine) == len(theirs):
                return found
            return _alone(mine=one) if len(mine) > len(theirs) else _alone(theirs=other)
    common = min(len(mine), len(theirs))
    for one in mine[common:]:
        return _alone(mine=one)
    for other in theirs[common:]:
        return _alone(theirs=other)
    return None


def _alone(*, mine: Element | None = None, theirs: Element | None = None) -> Parting:
    """Tell a statement that one document lacks, with the named ones that lie in it."""
    it = mine or theirs or Element("")
    named = ", ".join(islice(dict.fromkeys(_named(it.children)), HELD))
    where = f"{_called(it)} ({named})" if named else _called(it)
    return Parting(where, _shown(mine) if mine else None, _shown(theirs) if theirs else None)


def _named(statements: Iterable[Element]) -> Iterator[str]:
    """Yield the statements with a name of their own, at any depth."""
    for one in statements:
        if any(name in one.attributes for name in NAMES):
            yield _called(one)
        yield from _named(one.children)


def _in_json(path: str, one: Any, other: Any) -> Parting | None:
    if isinstance(one, dict) and isinstance(other, dict):
        below = [
            (f"{path}.{key}".lstrip("."), one.get(key, NOTHING), other.get(key, NOTHING))
            for key in dict.fromkeys([*one, *other])
        ]
    elif isinstance(one, list) and isinstance(other, list):
        sides = [dict(enumerate(one)), dict(enumerate(other))]
        below = [
            (f"{path}[{at}]", *(side.get(at, NOTHING) for side in sides))
            for at in range(max(len(one), len(other)))
        ]
    else:
        return Parting(path, _value(one), _value(other)) if one != other else None
    return next((found for at in below if (found := _in_json(*at))), None)


def _value(value: Any) -> str | None:
    if value is NOTHING:
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _attributes(element: Element) -> dict[str, str]:
    return {key: _said(value) for key, value in element.attributes.items()}


def _called(element: Element) -> str:
    """Name a statement so that it can be found among others of its kind."""
    own = next((element.attributes[key] for key in NAMES if key in element.attributes), "")
    return f"{element.name} {own}".strip()


def _shown(element: Element) -> str:
    """Write a statement without those inside."""
    given = "".join(f' {key}="{value}"' for key, value in _attributes(element).items())
    return f"<{element.name}{given}>"


def _said(text: str) -> str:
    """Fold white space but in texts of an expression, and take what XML escapes as it is meant."""
    for escape, plain in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'")):
        text = text.replace(escape, plain)
    return _SPACE.sub(lambda found: found[1] or " ", text.replace("&amp;", "&")).strip()


def _policies(one: str, other: str) -> tuple[Element, Element] | None:
    if not _POLICIES.match(one):
        return None
    first, second = parse(one), parse(other)
    return (first, second) if first and second else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
