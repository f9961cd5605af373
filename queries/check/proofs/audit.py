"""Audit logs of both resources are on their way to the workspace."""

from __future__ import annotations

from queries.check.evidence import Evidence
from queries.check.proofs.base import Proof, Verdict, failed, seen


def _judge(evidence: Evidence) -> Verdict:
    """By the diagnostic settings: no call through a gateway writes an audit row.

    The account's Audit logs tell of operations such as listing its keys, the gateway's of its
    developer portal; the check does neither.
    https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-cognitiveservices-accounts-logs
    https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-apimanagement-service-logs
    """
    if evidence.audit_differences:
        said = "; ".join(map(str, evidence.audit_differences))
        return failed(said, evidence.audit_differences[0].fix)
    if evidence.audit_unreadable:
        reason = evidence.audit_unreadable
        return seen(f"not judged: the diagnostic settings cannot be read ({reason})")
    return seen("no call writes an audit row; both diagnostic settings send audit logs here")


AUDIT = Proof(
    id="audit",
    about="the diagnostic settings of gateway and account send audit logs, as no call writes any",
    needs=(),
    judge=_judge,
    fix="",
)
