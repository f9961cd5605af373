"""Every proof, in the order in which a person reads them."""

from __future__ import annotations

from queries.check.outputs import Target
from queries.check.proofs import (
    account,
    call,
    caller,
    completion,
    messages,
    metrics,
    no_content,
    prompt,
    tokens,
)
from queries.check.proofs.base import Proof

PROOFS = (
    call.PROOF,
    prompt.PROOF,
    completion.PROOF,
    caller.PROOF,
    tokens.PROOF,
    messages.PROOF,
    no_content.PROOF,
    account.PROOF,
    metrics.GATEWAY,
    metrics.ACCOUNT,
)


def of(target: Target) -> list[Proof]:
    """The proofs that the stack's settings call for."""
    return [proof for proof in PROOFS if proof.applies(target)]
