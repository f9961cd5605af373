"""Put beside each of the stack's own resources what a colleague could."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

from harness.machine import Machine
from harness.sabotage.generated.bench import Bench
from harness.sabotage.generated.mutation import Mutation
from queries.check.drift.read import MANY
from queries.check.proofs.base import Verdict


def strays(bench: Bench) -> Iterator[Mutation]:
    """Add children that nobody declared to each resource that can have some."""
    for one in bench.declared:
        for child, changed in CHILDREN.get(one.kind, {}).items():
            like = next(
                other.id for other in bench.declared if other.kind == LIKE[child.split("/")[0]]
            )
            at = one.id.partition("/products/")[0] if child == "subscriptions/x" else one.id
            yield from _added(bench, f"{at}/{child}", like, one.name, changed(one.id))


def lists(bench: Bench) -> Iterator[Mutation]:
    """Refuse each list that the comparison reads, in turn."""
    asked = list[str]()
    bench.judge(spoil=lambda request: asked.append(request.url.path))
    known = Counter(one.id.lower().rpartition("/")[0] for one in bench.declared)
    single = {one.id.lower() for one in bench.declared}
    for path in dict.fromkeys(path for path in asked if path.lower() not in single):
        if known[path.lower()] > MANY:
            continue  # what the list does not tell is asked for singly

        def judged(path: str = path) -> Verdict:
            denied = httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
            return bench.judge(spoil=lambda request: denied if request.url.path == path else None)

        yield Mutation(
            kind="list refused", name=path, words=("cannot be read", "HTTP 403"), judged=judged
        )


LIKE = {
    "diagnostics": "apimanagement:ApiDiagnostic",
    "apiLinks": "apimanagement:ProductApiLink",
    "subscriptions": "apimanagement:Subscription",
    "deployments": "cognitiveservices:Deployment",
}
"""By collection, the type of the stack's resource of which the new one is a copy."""
CHILDREN: dict[str, dict[str, Any]] = {
    "apimanagement:Api": {
        "diagnostics/applicationinsights": lambda _: {},
    },
    "apimanagement:Product": {
        "apiLinks/x": lambda product: {"apiId": f"{product}/../x"},
        "subscriptions/x": lambda product: {"scope": product},
    },
    "apimanagement:ApiManagementService": {
        "subscriptions/all": lambda service: {"scope": f"{service}/apis"},
        "subscriptions/everything": lambda service: {"scope": f"{service}/"},
        "subscriptions/one": lambda service: {"scope": f"{service}/apis/miyagi-api"},
        "subscriptions/short": lambda _: {"scope": "/apis/miyagi-api"},
    },
    "cognitiveservices:Account": {"deployments/x": lambda _: {}},
}
"""By type, the child and its properties, made of the parent's id."""


def _added(
    bench: Bench, new: str, like: str, parent: str, changed: dict[str, Any]
) -> Iterator[Mutation]:
    def judged() -> Verdict:
        with bench.beside(like, new, **changed):
            return bench.judge()

    words = (new.rpartition("/")[2], "by nobody")
    yield Mutation(kind="added beside", name=f"{new} in {parent}", words=words, judged=judged)


def mutations(deployed: Machine) -> Iterator[Mutation]:
    """Make every mistake of this module of a deployed stack."""
    bench = Bench.of(deployed)
    yield from strays(bench)
    yield from lists(bench)
