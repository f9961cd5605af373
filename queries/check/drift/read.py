"""Ask Azure for every resource of the state, read-only: many of one kind by their list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.drift import shape
from queries.check.drift.shape import Json
from queries.check.drift.state import Declared

MANY = 5
"""More resources than this of one collection are asked for by its list."""


@dataclass(kw_only=True)
class Answers:
    """What Azure said of each resource, by its id in lower case."""

    found: dict[str, Json] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)


def read(manager: Manager, declared: Sequence[Declared]) -> Answers:
    """Ask for every resource at the API version that the provider used."""
    answers = Answers()
    collections: dict[tuple[str, str], list[Declared]] = defaultdict(list)
    for one in declared:
        if version := one.version or shape.version(one.kind):
            collections[one.id.rpartition("/")[0], version].append(one)
        else:
            answers.unreadable[one.id.lower()] = "its API version is not known"
    _read_lists(manager, collections, answers)
    left = [
        (one, version)
        for (_, version), held in collections.items()
        for one in held
        if one.id.lower() not in answers.found
    ]
    came = manager.at_once(
        partial(manager.get, one.id, version, **shape.QUERY.get(one.kind, {}))
        for one, version in left
    )
    for (one, _), answer in zip(left, came, strict=True):
        key = one.id.lower()
        if isinstance(answer, UnreadableError):
            answers.unreadable[key] = str(answer)
        elif answer is None:
            answers.missing.add(key)
        else:
            answers.found[key] = answer
    return answers


def _read_lists(
    manager: Manager, collections: dict[tuple[str, str], list[Declared]], answers: Answers
) -> None:
    """Ask for what is many by its list; what that does not tell is then asked for singly."""
    many = [key for key, held in collections.items() if len(held) > MANY]
    came = manager.at_once(partial(manager.list, path, version) for path, version in many)
    for key, listed in zip(many, came, strict=True):
        held = {one.id.lower() for one in collections[key]}
        items = [] if isinstance(listed, UnreadableError) else listed
        by_id = {str(one.get("id")).lower(): one for one in items}
        answers.found |= {name: body for name, body in by_id.items() if name in held}
