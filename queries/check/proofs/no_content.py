"""With `capture: metadata` no prompt and no completion is logged anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from queries.check.evidence import BODIES, Call, Evidence, text
from queries.check.proofs.base import Proof, Verdict, each_call, failed, no_row, seen, waiting
from queries.check.proofs.bodies import TABLE
from queries.check.proofs.prompt import PROOF as PROMPT

SETTLE = timedelta(seconds=10)
"""How long the rows must have stayed the same before their silence counts."""


def _judge(evidence: Evidence, call: Call) -> Verdict:
    gateway, llm = evidence.linked("gateway", call), evidence.linked("llm", call)
    held = [f"{TABLE}.{body}" for row in gateway for body in BODIES if text(row, body)]
    held += [
        f"ApiManagementGatewayLlmLog.{name}Messages"
        for row in llm
        for name in ("Request", "Response")
        if text(row, name).strip("[]")
    ]
    if held:
        return failed(
            f"content is logged in {', '.join(sorted(set(held)))} though capture is metadata",
            "pulumi up --refresh puts the API's diagnostic back; look for a second diagnostic of "
            "the gateway that logs bodies",
        )
    if not gateway:
        return no_row(evidence, "gateway", TABLE)
    if evidence.target.llm_logging and not llm and call.kind == "chat":
        return waiting("the LLM log's rows are not there yet")
    if call.marker and evidence.still_for() < SETTLE:
        return waiting(f"no content so far; rows must stay so for {SETTLE.seconds} s")
    return seen("the call's rows hold no content")


def _newest(evidence: Evidence) -> Verdict:
    """Of calls that others made, only the newest tells how content is treated now."""
    made = [call for call in evidence.calls if call.marker] or evidence.calls[:1]
    return each_call(_judge)(replace(evidence, calls=made))


PROOF = Proof(
    id="no-content",
    shows="no prompt and no completion is logged",
    needs=("gateway", "llm"),
    judge=_newest,
    applies=lambda target: target.capture == "metadata",
    fix=PROMPT.fix,
)
