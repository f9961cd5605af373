"""What no call can show is read from the deployed configuration."""

from __future__ import annotations

from dataclasses import replace

from queries.check.difference import Findings
from queries.check.evidence import AsDeployed, Evidence
from queries.check.proofs.base import Proof, Verdict
from queries.check.proofs.findings import by_findings
from queries.outputs import Target


def _audit(deployed: AsDeployed) -> Findings:
    said = "no call writes an audit row; both diagnostic settings send audit logs here"
    return replace(deployed.audit, said=said)


def _declared(evidence: Evidence) -> Verdict:
    said = (
        "every call is sampled, each deployment has its model, each consumer is active, and "
        f"{_keys(evidence.target)}"
    )

    def found(deployed: AsDeployed) -> Findings:
        return replace(deployed.declared, said="; ".join([said, *deployed.remarks]))

    return by_findings("declared", found)(evidence)


def _keys(target: Target) -> str:
    """Say whether keys are off, of each account where accounts differ."""
    off, allowed = (
        [one.name for one in target.every_account if (one.keys == "allow") == takes]
        for takes in (False, True)
    )
    if off and allowed:
        return f"the keys of {', '.join(off)} are off, and those of {', '.join(allowed)} as allowed"
    return f"the account's keys are {'off' if off else 'as accountKeys allows'}"


AUDIT = Proof(
    id="audit",
    about="the diagnostic settings of gateway and account send audit logs, as no call writes any",
    needs=(),
    judge=by_findings("audit", _audit),
    fix="",
)
"""The account's audit logs tell of operations such as listing its keys, the gateway's of its
developer portal; the check does neither.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-cognitiveservices-accounts-logs
https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-apimanagement-service-logs
"""

DECLARED = Proof(
    id="declared",
    about="what a few calls show by chance at best is as the outputs say: what is logged of each, "
    "models, consumers, the gateway's timeout, and the account's keys, which are off unless "
    "accountKeys allows them",
    needs=(),
    judge=_declared,
    fix="",
)
