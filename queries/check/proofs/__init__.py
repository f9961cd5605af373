"""Every proof, in the order in which a person reads them."""

from __future__ import annotations

from queries.check.proofs import (
    account,
    accounts,
    audit,
    calls,
    careless,
    consumers,
    content,
    copies,
    doors,
    drift,
    expires,
    library,
    limits,
    llm,
    long,
    metrics,
    reconciled,
    refused,
    routes,
    rows,
    secrets,
    streams,
    whole,
)
from queries.check.proofs.base import Proof
from queries.outputs import Target

PROOFS = (
    calls.CALL,
    content.PROMPT,
    content.COMPLETION,
    rows.CALLER,
    consumers.CONSUMERS,
    rows.OPERATION,
    llm.TOKENS,
    careless.CARELESS,
    llm.MESSAGES,
    whole.WHOLE,
    long.LONG,
    streams.STREAMS,
    content.NO_CONTENT,
    refused.REFUSED,
    refused.ERROR,
    refused.APART,
    limits.LIMITS,
    expires.EXPIRES,
    secrets.NO_SECRETS,
    account.ACCOUNT,
    accounts.ACCOUNTS,
    audit.AUDIT,
    audit.DECLARED,
    drift.DRIFT,
    routes.ROUTES,
    routes.ACCESS,
    doors.ACCOUNT,
    doors.GATEWAY,
    metrics.GATEWAY,
    metrics.ACCOUNT,
    reconciled.RECONCILED,
    library.QUERIES,
    copies.COPIES,
)


OWN_ONLY = (calls.CALL, careless.CARELESS, limits.LIMITS, reconciled.RECONCILED)
"""What calls of others cannot bear: nobody here was told their tokens."""


def applicable_to(target: Target) -> list[Proof]:
    """Return the proofs that apply to this stack.

    Below 100 % sampling only `sampling` applies, and it fails.
    """
    if not target.every_call:
        return [rows.SAMPLING]
    return [proof for proof in PROOFS if proof.applies(target)]


def applicable_to_others(target: Target) -> list[Proof]:
    """Return the proofs of calls that others made: `call` is one proof a deployment."""
    if not target.every_call:
        return [rows.SAMPLING]
    called = [calls.called_by_others(deployment) for deployment in target.deployments]
    return called + [p for p in PROOFS if p not in OWN_ONLY and p.applies(target)]
