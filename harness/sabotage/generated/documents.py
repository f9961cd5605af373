"""Change every statement of a policy, and every value of a document in JSON, that is deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from harness.machine import Machine
from harness.sabotage.generated.bench import Bench
from harness.sabotage.generated.mutation import Mutation
from harness.sabotage.generated.properties import OTHER
from queries.check.drift.state import Declared
from queries.check.proofs.base import Verdict

EVERY = 25
"""Of a workbook's values, of which there are thousands, each so many-th is changed."""
_EMPTY = re.compile(r"<[a-z][\w-]*(?:\s+[\w-]+=\"[^\"]*\")*\s*/>")
_ATTRIBUTE = re.compile(r"(?<=\s)([\w-]+)=\"([^\"<>]*)\"")
_SECTION = re.compile(r"<(inbound|backend|outbound|on-error)>.*?</\1>", re.DOTALL)


def documents(bench: Bench) -> Iterator[Mutation]:
    """Change policies and workbooks, part by part."""
    for one in bench.declared:
        if one.kind == "apimanagement:ApiPolicy":
            for name, text, word in policies(str(one.inputs["value"])):
                yield _changed(bench, one, "policy changed", name, "value", text, word)
        if one.kind == "applicationinsights:Workbook":
            key = "serializedData"
            document = json.loads(one.inputs[key])
            for name, text in _values(document):
                yield _changed(bench, one, "workbook changed", name, key, text, key)


def mutations(deployed: Machine) -> Iterator[Mutation]:
    """Make every mistake of this module of a deployed stack."""
    yield from documents(Bench.of(deployed))


def policies(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the policy without a statement or section, and with another value of an attribute.

    Each comes with a name, and with the statement or attribute that the check must name.
    """
    for found in [*_EMPTY.finditer(text), *_SECTION.finditer(text)]:
        (word,) = re.findall(r"^<([a-z-]+)", found[0])
        yield f"without {found[0][:40]}", text[: found.start()] + text[found.end() :], word
    for found in _ATTRIBUTE.finditer(text):
        changed = f'{found[1]}="{found[2]}x"'
        yield changed, text[: found.start()] + changed + text[found.end() :], found[1]


def _values(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the document with another value at one place."""
    for holder, key in list(_places(document))[::EVERY]:
        before = holder[key]
        holder[key] = OTHER
        yield str(key), json.dumps(document)
        holder[key] = before


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
        else:
            yield value, key


def _changed(
    bench: Bench, one: Declared, kind: str, name: str, key: str, text: str, word: str
) -> Mutation:
    def judged() -> Verdict:
        with bench.edited(one.id, lambda body: body["properties"].update({key: text})):
            return bench.judge(one)

    return Mutation(kind=kind, name=f"{name} of {one.title}", words=(one.name, word), judged=judged)
