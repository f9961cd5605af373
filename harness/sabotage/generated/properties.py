"""Change every declared property of every resource of a deployed stack, in Azure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from harness.machine import Machine
from harness.sabotage.generated.bench import Bench, Json
from harness.sabotage.generated.mutation import Mutation
from queries.check.drift.moves import WRITE_ONLY
from queries.check.drift.shape import FREE, settable
from queries.check.drift.state import Declared
from queries.check.proofs.base import Verdict

Path = tuple[str | int, ...]
OTHER = "changed by a colleague"
NONE: Any = object()
"""Stands for "take the property away"."""


def declared(bench: Bench) -> Iterator[Mutation]:
    """Change each value that the program declares, by its type."""
    for one in bench.declared:
        stored = bench.cloud.get(one.id)
        nested = bench.shape(one).nested
        for path, value in _leaves(bench.shape(one).body(_clear(one.inputs))):
            if path[-1] in WRITE_ONLY.get(one.kind, ()) or (path == ("properties",) and not nested):
                continue
            if stored is None or _at(stored.body, path) in (NONE, None, "", [], {}):
                continue
            for kind, other in _others(value):
                yield _changed(bench, one, kind, path, other)


def undeclared(bench: Bench) -> Iterator[Mutation]:
    """Change each value that a program could declare, and this one does not."""
    for one in bench.declared:
        shape, stored = bench.shape(one), bench.cloud.get(one.id)
        hidden = {*shape.keys, *shape.query, *WRITE_ONLY.get(one.kind, ()), "etag", "tags"}
        own = {path for path, _ in _leaves(shape.body(_clear(one.inputs)))}
        for path in _settable(settable(one.kind)):
            name = shape.renamed.get(path[0], path[0])
            at = (name, *path[1:])
            at = at if shape.nested or name in shape.envelope else ("properties", *at)
            if path[0] in hidden or stored is None or any(each[: len(at)] == at for each in own):
                continue
            before = _at(stored.body, at)
            other = OTHER if before is NONE or isinstance(before, str) else _others(before)[0][1]
            if _fits(stored.body, at):
                yield _changed(bench, one, "what nobody declared", at, other)


def gone(bench: Bench) -> Iterator[Mutation]:
    """Delete each resource."""
    for one in bench.declared:

        def judged(one: Declared = one) -> Verdict:
            with bench.without(one.id):
                return bench.judge(one)

        yield Mutation(
            kind="resource deleted", name=one.title, words=(one.name, "missing"), judged=judged
        )


ANSWERS = {
    "403": httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}}),
    "500": httpx.Response(500, text="oops"),
    "503": httpx.Response(503, text=""),
    "a page": httpx.Response(200, text="<html>sign in</html>"),
    "half an answer": httpx.Response(200, text='{"properties": {'),
    "a list": httpx.Response(200, json=[]),
    "nothing in it": httpx.Response(200, json={}),
}
"""What may come in place of a resource."""


def unread(bench: Bench) -> Iterator[Mutation]:
    """Answer each request for a resource with something else."""
    for one in bench.declared:
        for name, answer in ANSWERS.items():

            def judged(one: Declared = one, answer: httpx.Response = answer) -> Verdict:
                whole = one.id.lower()
                return bench.judge(
                    one, spoil=lambda asked: answer if asked.url.path.lower() == whole else None
                )

            yield Mutation(
                kind="answer spoilt",
                name=f"{name} for {one.title}",
                words=(one.name,),
                judged=judged,
            )


def mutations(deployed: Machine) -> Iterator[Mutation]:
    """Make every mistake of this module of a deployed stack."""
    bench = Bench.of(deployed)
    for generator in (declared, undeclared, gone, unread):
        yield from generator(bench)


def _changed(bench: Bench, one: Declared, kind: str, path: Path, other: Any) -> Mutation:
    def judged() -> Verdict:
        with bench.edited(one.id, lambda body: _set(body, path, other)):
            return bench.judge(one)

    back = {name: key for key, name in bench.shape(one).renamed.items()}
    names = [str(part) for part in path if isinstance(part, str)]
    shown = ".".join(map(str, path))
    last = back.get(names[-1], names[-1])
    # Of a document that still is one, the check names the statement and not the property.
    named = () if str(other).lstrip().startswith("<policies") else (last,)
    words = (one.name, *named)
    return Mutation(kind=kind, name=f"{shown} of {one.title}", words=words, judged=judged)


def _others(value: Any) -> list[tuple[str, Any]]:
    """Return other values of the same type, and none at all."""
    removed = ("value removed", NONE)
    if isinstance(value, bool):
        return [("truth flipped", not value), removed]
    if isinstance(value, int | float):
        return [("number changed", value + 1), ("number changed", 0 if value else 7), removed]
    if isinstance(value, list):
        fewer = [("item removed", value[:at] + value[at + 1 :]) for at in range(len(value))]
        return [*fewer, ("item added", [*value, _another(value[-1])])]
    if isinstance(value, dict):
        return [("object removed", NONE)]
    return [("text changed", _edited(str(value))), ("text changed", OTHER), removed]


def _edited(text: str) -> str:
    """Change one letter in the middle of a text."""
    at = len(text) // 2
    letter = next((i for i in range(at, len(text)) if text[i].isalpha()), at)
    return text[:letter] + ("q" if text[letter] != "q" else "z") + text[letter + 1 :]


def _another(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _another(value) for key, value in item.items()}
    return f"{item}-other" if isinstance(item, str) else item


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value with its place: plain ones, and each list and object of them too."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, (*path, name))
    if isinstance(value, list):
        for at, one in enumerate(value):
            yield from _leaves(one, (*path, at))


def _settable(table: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the places of the values that a program can set, those of lists' items left out."""
    if isinstance(table, dict):
        for name, below in table.items():
            yield from _settable(below, (*path, name))
    elif table != FREE:
        yield path


def _clear(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda _: "a secret"))


def _at(value: Any, path: Path) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return NONE
    return value


def _fits(body: Json, path: Path) -> bool:
    """Tell whether a value can be put at a place: nothing on the way is a list."""
    for end in range(1, len(path)):
        if not isinstance(_at(body, path[:end]), dict) and _at(body, path[:end]) is not NONE:
            return False
    return not isinstance(_at(body, path), dict | list)


def _set(body: Json, path: Path, value: Any) -> None:
    place: Any = body
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    if value is NONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
