"""Every proof, in the order in which a person reads them."""

from __future__ import annotations

from dataclasses import replace

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
)
from queries.check.proofs.base import Proof, skipped
from queries.outputs import Target

NEEDS_CALLS = (long.LONG, refused.REFUSED, refused.ERROR)
"""Judged by calls that only the check makes."""
PROOFS = (
    calls.CALL,
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


def without_traffic(target: Target) -> list[Proof]:
    """The same where only calls of others are judged: of each deployment, as far as it has any."""
    if not target.every_call:
        return [rows.SAMPLING]
    called = [calls.called_by_others(deployment) for deployment in target.deployments]
    others = [proof for proof in PROOFS if proof is not calls.CALL]
    return called + [
        _needs_traffic(proof) if proof in NEEDS_CALLS else proof
        for proof in others
        if proof in NEEDS_CALLS or proof.applies(target)
    ]


def _needs_traffic(proof: Proof) -> Proof:
    verdict = skipped("it needs calls of the check's own", calls.TRAFFIC_FIX)
    return replace(proof, needs=(), judge=lambda _: verdict)
