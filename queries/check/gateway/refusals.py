"""Whom a statement refuses: every call alike or by its key, which calls show, or others."""

from __future__ import annotations

import re

from queries.check.gateway.content import plain
from queries.check.gateway.effective import API, Effective, Statement, UnclearError
from queries.check.gateway.statements import CHECKS, LIMITS, RETURN

BY_KEY = re.compile(
    r"\bcontext\s*\.\s*(?:Subscription|Product|User|Api\s*\??\.\s*(?:Id|Name|Path))\b"
    r"(?:\s*\??\.\s*(?!Body)\w+)*"
)
"""What of a call its key decides, or the API.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ContextVariables
"""
WORDS = frozenset({"true", "false", "null", "new", "string", "Contains", "IsNullOrEmpty"})
"""Words that a condition may have beside them."""
ONLY_TOLD = frozenset({"detect", "ignore"})
"""Actions of a check that refuse nothing.

https://learn.microsoft.com/azure/api-management/validate-content-policy
"""
APART = ("counter-key", "key", "increment-condition", "increment-count")
"""Attributes of a limit that say which calls are counted, not how many may be."""
OTHERWISE = "it refuses calls by more than their key, which the check's own calls do not show"


def check(way: Effective, one: Statement) -> None:
    """Pass a statement over that refuses nothing, or what the check's own calls would show.

    Raises:
        UnclearError: it may refuse calls by something else than their key.
    """
    name, given = one.element.name, one.element.attributes
    if name in CHECKS and not _tells_only(one):
        raise UnclearError(OTHERWISE)
    if name == RETURN and one.sure and one.level <= API:
        raise UnclearError("it refuses calls that the check may not make")
    if name not in LIMITS and name != RETURN:
        return
    figures = [value for key, value in given.items() if name in LIMITS and key not in APART]
    if not (_for_keys(way, one) and all(_by_key(way, value) for value in figures)):
        raise UnclearError(OTHERWISE)


def _tells_only(one: Statement) -> bool:
    """Tell whether each action of a check, also of what is inside, refuses nothing."""
    found = list[str]()
    left = [one.element]
    while left:
        element = left.pop()
        left += element.children
        found += [value for key, value in element.attributes.items() if key.endswith("action")]
    return bool(found) and ONLY_TOLD.issuperset(found)


def _for_keys(way: Effective, one: Statement) -> bool:
    """Tell whether keys alone decide which calls meet a statement."""
    return all(
        holder.name not in {"retry", "wait"}
        and all(
            _by_key(way, branch.attributes.get("condition", ""))
            for branch in (holder.children if holder.name == "choose" else ())
        )
        for holder in one.within
    )


def _by_key(way: Effective, value: str) -> bool:
    """Tell whether a value is plain, or an expression that reads only what the key decides."""
    code = plain(way.filled(value))
    if not code.startswith("@"):
        return True
    left = re.findall(r"[A-Za-z_]\w*", BY_KEY.sub("", code[1:]))
    return not code.startswith("@{") and WORDS.issuperset(left)
