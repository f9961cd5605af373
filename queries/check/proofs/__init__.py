"""Every proof, in the order in which a person reads them."""

from __future__ import annotations

from queries.check.outputs import Target
from queries.check.proofs import content, llm, metrics, rows
from queries.check.proofs.base import Proof

PROOFS = (
    rows.CALL,
    content.PROMPT,
    content.COMPLETION,
    rows.CALLER,
    llm.TOKENS,
    llm.MESSAGES,
    content.NO_CONTENT,
    rows.ACCOUNT,
    metrics.GATEWAY,
    metrics.ACCOUNT,
)


def of(target: Target) -> list[Proof]:
    """The proofs that the stack's settings call for; one that cannot be had spares the others."""
    if not target.every_call:
        return [rows.SAMPLING]
    return [proof for proof in PROOFS if proof.applies(target)]
