"""What no call can show is read from the deployed configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from queries.check.evidence import AsDeployed, Compared, Evidence
from queries.check.proofs.base import Judge, Proof, Verdict, failed, seen, unjudged, waiting
from queries.outputs import Target

NOT_LOOKED = "the deployed configuration has not been read"
READER_FIX = (
    "give this identity the role Reader on the stack's resource group; if it is meant to lack it, "
    "--allow with the proof's name accepts this"
)


def unread(compared: Compared) -> Verdict:
    """Tell which parts of the configuration could not be read, and why."""
    reasons: dict[str, list[str]] = {}
    for part, reason in compared.unreadable.items():
        reasons.setdefault(reason, []).append(part)
    said = "; ".join(f"{', '.join(parts)} ({reason})" for reason, parts in reasons.items())
    return unjudged(f"the configuration cannot be read: {said}", READER_FIX, compared.unreadable)


def _without(
    compared: Callable[[AsDeployed], Compared],
    said: Callable[[Target], str],
    remarks: Callable[[AsDeployed], Sequence[str]] = lambda _: (),
) -> Judge:
    """Fail by a difference; where something cannot be read, its absence cannot be told."""

    def judge(evidence: Evidence) -> Verdict:
        if evidence.deployed is None:
            return waiting(NOT_LOOKED)
        found = compared(evidence.deployed)
        if found.differences:
            return failed("; ".join(map(str, found.differences)), found.differences[0].fix)
        if found.unreadable:
            return unread(found)
        return seen("; ".join([said(evidence.target), *remarks(evidence.deployed)]))

    return judge


def _may_be_on(target: Target) -> bool:
    return target.account.keys == "allow"


AUDIT = Proof(
    id="audit",
    about="the diagnostic settings of gateway and account send audit logs, as no call writes any",
    needs=(),
    judge=_without(
        lambda deployed: deployed.audit,
        lambda _: "no call writes an audit row; both diagnostic settings send audit logs here",
    ),
    fix="",
)
"""The account's audit logs tell of operations such as listing its keys, the gateway's of its
developer portal; the check does neither.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-cognitiveservices-accounts-logs
https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-apimanagement-service-logs
"""

DECLARED = Proof(
    id="declared",
    about="what a few calls show by chance at best is as declared: sampling, models, consumers, "
    "sizes of the LLM log, the gateway's timeout, and the account's keys, which are off unless"
    " accountKeys allows them",
    needs=(),
    judge=_without(
        lambda deployed: deployed.declared,
        lambda target: (
            "every call is sampled, each deployment has its model, each consumer is active, and "
            f"the account's keys are {'as accountKeys allows' if _may_be_on(target) else 'off'}"
        ),
        lambda deployed: deployed.remarks,
    ),
    fix="",
)
