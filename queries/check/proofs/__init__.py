"""Every proof, in the order in which a person reads them."""

from __future__ import annotations

from queries.check.proofs import (
    audit,
    calls,
    content,
    library,
    llm,
    long,
    metrics,
    refused,
    rows,
    secrets,
    streams,
)
from queries.check.proofs.base import Proof
from queries.outputs import Target

BY_OTHERS = (long.LONG_BY_OTHERS, refused.REFUSED_TO_OTHERS, refused.ERROR_OF_OTHERS)
"""Proofs by calls of a kind that the check makes itself, where only calls of others are judged."""
PROOFS = (
    calls.CALL,
    content.PROMPT,
    content.COMPLETION,
    rows.CALLER,
    rows.OPERATION,
    llm.TOKENS,
    llm.MESSAGES,
    long.LONG,
    streams.STREAMS,
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


def without_traffic(target: Target) -> list[Proof]:
    """The same where only calls of others are judged: of each deployment, as far as it has any."""
    if not target.every_call:
        return [rows.SAMPLING]
    called = [calls.called_by_others(deployment) for deployment in target.deployments]
    by_others = {proof.id: proof for proof in BY_OTHERS}
    chosen = [by_others.get(proof.id, proof) for proof in PROOFS if proof is not calls.CALL]
    return called + [proof for proof in chosen if proof.applies(target)]
