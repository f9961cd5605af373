"""Change every operation that an API has by the document it was imported from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.machine import Machine
from harness.sabotage.generated.bench import Bench, Json
from harness.sabotage.generated.mutation import Mutation
from queries.check.drift.state import Declared
from queries.check.proofs.base import Verdict

Change = Callable[[Json], object]
EXTRA = {"name": "tenant", "type": "string", "required": True}


def _added(body: Json) -> None:
    body["request"]["queryParameters"] = [*body["request"]["queryParameters"], EXTRA]


CHANGES: dict[str, Change] = {
    "method": lambda body: body.update(method="PUT"),
    "path": lambda body: body.update(urlTemplate=f"/other{body['urlTemplate']}"),
    "title": lambda body: body.update(displayName="Other"),
    "required parameter": _added,
    "template": lambda body: body.update(
        urlTemplate=f"{body['urlTemplate'].partition('?')[0]}?x={{x}}"
    ),
    "responses": lambda body: body.update(responses=[{"statusCode": 418}]),
}
"""What is done to an operation, by its name."""


def operations(bench: Bench) -> Iterator[Mutation]:
    """Change, delete and add operations of each API."""
    for api in [one for one in bench.declared if one.kind == "apimanagement:Api"]:
        found = [
            one.id for one in bench.cloud.below(api.id) if one.type.endswith("/apis/operations")
        ]
        for operation in found:
            name = operation.rpartition("/")[2]
            for part, change in CHANGES.items():
                yield Mutation(
                    kind="operation changed",
                    name=f"{part} of {name}",
                    words=(api.name, "operation"),
                    judged=_edited(bench, api, operation, change),
                )
            yield Mutation(
                kind="operation deleted",
                name=name,
                words=(api.name, "missing"),
                judged=_deleted(bench, api, operation),
            )
        yield Mutation(
            kind="operation added",
            name="a copy",
            words=(api.name, "by nobody"),
            judged=_copied(bench, api, found[0]),
        )


def mutations(deployed: Machine) -> Iterator[Mutation]:
    """Make every mistake of this module of a deployed stack."""
    yield from operations(Bench.of(deployed))


def _edited(bench: Bench, api: Declared, operation: str, change: Change) -> Callable[[], Verdict]:
    def judged() -> Verdict:
        with bench.edited(operation, lambda body: change(body["properties"])):
            return bench.judge(api)

    return judged


def _deleted(bench: Bench, api: Declared, operation: str) -> Callable[[], Verdict]:
    def judged() -> Verdict:
        with bench.without(operation):
            return bench.judge(api)

    return judged


def _copied(bench: Bench, api: Declared, operation: str) -> Callable[[], Verdict]:
    def judged() -> Verdict:
        with bench.beside(operation, f"{operation}-copy", urlTemplate="/anything"):
            return bench.judge(api)

    return judged
