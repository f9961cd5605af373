"""Requests of the account paired with calls of the gateway, as many as can be."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from queries.check.fields import SLACK
from queries.check.records import Usage


@dataclass(frozen=True, kw_only=True)
class Request:
    """An answered request of a model, as the account's log tells of it."""

    id: str
    deployment: str
    identity: str
    """Object id of who asked; "" where the row tells none, as of a request with a key."""
    first: datetime
    last: datetime
    """Between these it was asked."""
    ended: datetime
    account: str = ""
    """ARM id of who answered, in lower case; "" where the row tells none."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A call that was sent to the account, as the gateway's log or this run knows it."""

    deployment: str
    """"" where no log tells it."""
    started: datetime
    ended: datetime
    account: str = ""
    """ARM id of where it was sent last, in lower case; "" where no log tells it."""
    costs: bool = True
    """Whether the account may count tokens of it."""
    of_stack: bool = False
    """Whether it is a call of the stack's own API, whose tokens a log must hold."""
    usage: Usage | None = None
    """None where no log holds its tokens."""


def unmatched(requests: Sequence[Request], sent: Sequence[Sent], of_any: Set[str]) -> list[Request]:
    """Return the requests that are left when as many as can be are paired with a call of their own.

    A call is under way at its request's time, and of its account and deployment; calls of the
    deployments `of_any` may be of any request of that account.
    """
    near, owner, held = _Near(sent, of_any), dict[int, int](), dict[int, int]()
    left, lost = list[Request](), set[int]()
    asked = sorted(requests, key=lambda one: one.last)
    for number, request in enumerate(asked):
        via, queue, free = dict[int, int](), [number], -1
        while queue and free < 0:
            at = queue.pop()
            for call in near.of(asked[at]):
                if call in via or call in lost:
                    continue
                via[call] = at
                if call not in owner:
                    free = call
                    break
                queue.append(owner[call])
        if free < 0:
            lost |= via.keys()
            left.append(request)
            continue
        while free >= 0:
            at = via[free]
            owner[free], held[at], free = at, free, held.get(at, -1)
    return left


class _Near:
    """Calls by deployment and by length, so that those under way at a time are soon found."""

    def __init__(self, sent: Sequence[Sent], of_any: Set[str]) -> None:
        self._sent, self._of_any = sent, of_any
        found = defaultdict[tuple[str, int], list[tuple[datetime, int]]](list)
        for number, call in enumerate(sent):
            seconds = int((call.ended - call.started).total_seconds())
            found[call.deployment, max(seconds, 0).bit_length()].append((call.started, number))
        self._by = defaultdict[str, dict[int, list[tuple[datetime, int]]]](dict)
        for (name, bits), calls in found.items():
            self._by[name][bits] = sorted(calls)

    def of(self, request: Request) -> Iterator[int]:
        """Yield the calls that a request can be of: first those known to be of its deployment."""
        for name in dict.fromkeys((request.deployment, *sorted(self._of_any))):
            for bits, calls in self._by.get(name, {}).items():
                earliest = request.first - SLACK - timedelta(seconds=2**bits)
                begin = bisect_left(calls, (earliest, -1))
                end = bisect_right(calls, (request.last + SLACK, len(self._sent)))
                for _, number in calls[begin:end]:
                    call = self._sent[number]
                    here = not request.account or call.account in {"", request.account}
                    if here and call.ended + SLACK >= request.first:
                        yield number
