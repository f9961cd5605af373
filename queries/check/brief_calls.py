"""How many cheap calls a run makes, so that a loss of rows is found, and to whom they go."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from queries.check import kinds, plans
from queries.check.kinds import Planned
from queries.clock import Clock
from queries.contract import Deployment, Plan
from queries.outputs import Consumer, Target

Depth = Literal["quick", "usual", "thorough"]
CERTAINTY = 0.99
SHARES: Mapping[Depth, float] = {"usual": 0.05, "thorough": 0.01}
"""The smallest share of a log's rows whose loss is found with `CERTAINTY`, by depth."""
TOKENS = 40
"""About what a brief call costs, prompt and answer together."""
LOGGED = ("chat", "stream")
"""Kinds of which every log has a row; the LLM log is documented for these alone."""
MOST_MORE = 2
"""How many times as many calls are made, at most, that each consumer calls each deployment."""
HALF = 0.5
"""Share of a deployment's tokens a minute that brief calls take at most: others call it too."""
MINUTE = 60.0


def needed(share: float, certainty: float = CERTAINTY) -> int:
    """Count the calls of which one at least is lost with `certainty`, if `share` of all are.

    The chance that none of n independent calls is lost is (1 - share) ** n.
    """
    return math.ceil(math.log(1 - certainty) / math.log(1 - share))


def share_found(calls: int) -> float:
    """Return the smallest share of rows whose loss shows in some calls with `CERTAINTY`."""
    return 1 - float((1 - CERTAINTY) ** (1 / max(calls, 1)))


def calls_of(depth: Depth) -> int:
    """Count the calls that each log must have rows of."""
    return needed(SHARES[depth]) if depth in SHARES else 0


def wanted(target: Target, depth: Depth) -> int:
    """Count the calls that must have rows; none where no log tells many calls apart."""
    known = any(_tells_apart(target, kind) for _, kind in kinds.slots(target))
    return calls_of(depth) if known else 0


def plan(target: Target, depth: Depth, day: date) -> list[Planned]:
    """Plan the brief calls of a run, after one call of each kind.

    Consumers and deployments take turns such that every consumer calls every deployment, for which
    up to `MOST_MORE` times as many calls are made; if they are not enough, the next day's run goes
    on where this one ends. Each kind of call that the LLM log may lack is made as every consumer
    too, as far as a third of the calls reaches. Whose turn never comes, as its plan allows little,
    makes one call more.
    """
    callers = target.callers
    all_slots = [
        slot for slot in kinds.slots(target) if depth == "quick" or _tells_apart(target, slot[1])
    ]
    logged = [slot for slot in all_slots if slot[1] in LOGGED] or all_slots
    others = [slot for slot in all_slots if slot not in logged]
    made = _many(target, logged, others, depth, day)
    called = [planned.consumer for planned in (*kinds.plan(target), *made)]
    left, slots = [one for one in callers if one not in called], [*logged, *kinds.slots(target)]
    return [*made, *(one for caller in left if (one := _alone(target, slots, caller)))]


def _many(
    target: Target,
    logged: list[tuple[Deployment, kinds.Kind]],
    others: list[tuple[Deployment, kinds.Kind]],
    depth: Depth,
    day: date,
) -> list[Planned]:
    """Plan the calls of which each log must have rows, and those that the LLM log may lack."""
    number, callers = calls_of(depth), target.callers
    if not (number and logged):
        return []
    number = max(number, len(callers), len(logged))
    pairs = len(callers) * len({deployment.name for deployment, _ in logged})
    most = min(len(others) * len(callers), number // 3)
    number = max(number, pairs) if pairs <= MOST_MORE * number else number
    return [
        *_in_turn(target, logged, number, day),
        *(_in_turn(target, others, most, day) if others else []),
    ]


def _tells_apart(target: Target, kind: kinds.Kind) -> bool:
    """Tell whether rows of many such calls differ: by content, or by the answer's id."""
    return target.bodies or (kind in LOGGED and target.llm_logging)


def _in_turn(
    target: Target, slots: list[tuple[Deployment, kinds.Kind]], number: int, day: date
) -> list[Planned]:
    """Pair consumers with deployments: after as many calls as there are pairs, each has called.

    From one time that all pairs call to the next, and from pair to pair, the kinds take turns.
    """
    served: dict[str, list[tuple[Deployment, kinds.Kind]]] = {}
    for slot in slots:
        served.setdefault(slot[0].name, []).append(slot)
    deployments, callers = list(served.values()), len(target.callers)
    round_of, pairs = math.lcm(callers, len(deployments)), callers * len(deployments)
    begin, made = day.toordinal() * number, []
    for at in range(begin, begin + number):
        again, turn = divmod(at, pairs)
        offered = deployments[(turn + turn // round_of) % len(deployments)]
        made.append(_brief(target, *offered[(turn + again) % len(offered)], turn % callers))
    return [one for one in made if one]


def _alone(
    target: Target, slots: list[tuple[Deployment, kinds.Kind]], caller: Consumer
) -> Planned | None:
    """Plan one call of a consumer, to the first deployment that its plan lets it call."""
    for deployment, kind in slots:
        if plans.has_room(target.plan_of(caller.name), deployment, kind):
            return _brief(target, deployment, kind, target.callers.index(caller))
    return None


def _brief(target: Target, deployment: Deployment, kind: kinds.Kind, turn: int) -> Planned | None:
    """Plan a call of the consumer whose turn it is, or of the next that may make it."""
    consumer = plans.caller_of(target, deployment, kind, turn)
    if consumer is None:
        return None
    return Planned(
        deployment=deployment,
        kind=kind,
        consumer=consumer,
        brief=True,
        among=len(target.callers),
    )


def said(depth: Depth) -> str:
    """Say what a depth costs and finds, for a person."""
    if depth not in SHARES:
        return "each kind of call once, and each consumer once: finds that nothing is logged"
    number = needed(SHARES[depth])
    return (
        f"{number} brief calls more, about {number * TOKENS:,} tokens: finds a loss of "
        f"{SHARES[depth]:.0%} of a log's rows with {CERTAINTY:.0%} certainty"
    )


@dataclass(kw_only=True)
class Pace:
    """Keeps brief calls within `HALF` of what deployments and consumers may take a minute."""

    clock: Clock
    _free: dict[tuple[str, str], float] = field(default_factory=dict)
    """What is left of a deployment's tokens, or of a consumer's tokens or calls, by its name."""
    _at: dict[tuple[str, str], float] = field(default_factory=dict)
    """When that was so."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, planned: Planned, plan: Plan, tokens: int, deadline: float) -> bool:
        """Wait until deployment and plan have room for a call; False if not before the deadline.

        Azure counts a call by its prompt and the most tokens of its answer:
        https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota
        """
        deployment, consumer = planned.deployment, planned.consumer.name
        room = [
            (0 if deployment.provisioned else deployment.capacity * 1000, "of", deployment.name),
            (plan.tokens_per_minute, "tokens", consumer),
        ]
        pauses = [self._reserve((what, of), most, tokens) for most, what, of in room if most]
        if plan.calls_per_minute:
            pauses.append(self._reserve(("calls", consumer), plan.calls_per_minute, 1))
        pause = max([0.0, *pauses])
        if self.clock.elapsed() + pause > deadline:
            return False
        if pause:
            self.clock.sleep(pause)
        return True

    def _reserve(self, name: tuple[str, str], number: int, tokens: int) -> float:
        """Take of what a minute has, and return the seconds until so much is left."""
        most = number * HALF
        with self._lock:
            now = self.clock.elapsed()
            before = self._free.get(name, most)
            free = min(most, before + (now - self._at.get(name, now)) * most / MINUTE)
            self._free[name], self._at[name] = free - tokens, now
        return max(0.0, tokens - free) * MINUTE / most
