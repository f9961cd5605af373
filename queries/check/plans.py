"""Which consumer may make which call: as its plan lets it, with room for what the call costs."""

from __future__ import annotations

from collections.abc import Mapping

from queries.contract import Deployment, Plan
from queries.outputs import Consumer, Target

NEEDED: Mapping[str, tuple[int, int]] = {
    "long-prompt": (8_000, 32_000),
    "long-completion": (8_000, 4_000),
    "many-embeddings": (5_000, 16_000),
}
"""Tokens a minute, and bytes of a body, that a plan must allow for a large call of each kind."""
FEW = 1_000
"""Bytes of the body of any other call, at most."""
QUOTA_SHARE = 10
"""How many times the tokens of a large call a quota must have, so that the check takes little."""
NOBODY = "no consumer's plan lets it be called"


def has_room(plan: Plan, deployment: Deployment, kind: str) -> bool:
    """Tell whether a plan lets a call through, and is large enough for it."""
    tokens, size = NEEDED.get(kind, (0, FEW))
    return (
        plan.allows(deployment.name)
        and not 0 < plan.tokens_per_minute < tokens
        and not 0 < plan.prompt_bytes < size
        and not 0 < plan.token_quota < tokens * QUOTA_SHARE
    )


def caller_of(target: Target, deployment: Deployment, kind: str, turn: int) -> Consumer | None:
    """Return the consumer whose turn it is, or the next after it whose plan has room; None if none.

    Of several with room for a large call it is the next too: each may make it.
    """
    callers = target.callers
    for number in range(len(callers)):
        one = callers[(turn + number) % len(callers)]
        if has_room(target.plan_of(one.name), deployment, kind):
            return one
    return None


def may_be_made(target: Target, deployment: Deployment, kind: str) -> bool:
    """Tell whether some consumer may make a call; so it is taken where nobody calls."""
    return not target.callers or caller_of(target, deployment, kind, 0) is not None


def free_to_name(target: Target) -> Consumer | None:
    """Return the first consumer whose plan lets it name any deployment, even one there is not."""
    for one in target.callers:
        plan = target.plan_of(one.name)
        if not plan.models and not 0 < plan.prompt_bytes < FEW:
            return one
    return None
