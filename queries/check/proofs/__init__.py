"""Every proof, in the order in which a person reads them."""

from __future__ import annotations

from queries.check.outputs import Target
from queries.check.proofs import audit, content, library, llm, long, metrics, refused, rows, secrets
from queries.check.proofs.base import Proof

PROOFS = (
    rows.CALL,
    content.PROMPT,
    content.COMPLETION,
    rows.CALLER,
    rows.OPERATION,
    llm.TOKENS,
    llm.MESSAGES,
    long.LONG,
    content.NO_CONTENT,
    refused.REFUSED,
    refused.ERROR,
    secrets.NO_SECRETS,
    rows.ACCOUNT,
    audit.AUDIT,
    audit.DECLARED,
    metrics.GATEWAY,
    metrics.ACCOUNT,
    library.QUERIES,
)


def of(target: Target) -> list[Proof]:
    """The proofs that the stack's settings call for; one that cannot be had spares the others."""
    if not target.every_call:
        return [rows.SAMPLING]
    return [proof for proof in PROOFS if proof.applies(target)]
