"""The completion stands in the gateway log, by the response's own id."""

from __future__ import annotations

from queries.check.evidence import Call, Evidence
from queries.check.proofs.base import Proof, Verdict, each_call
from queries.check.proofs.bodies import judge_bodies
from queries.check.proofs.prompt import PROOF as PROMPT


def _judge(evidence: Evidence, call: Call) -> Verdict:
    columns = ("ResponseBody", "BackendResponseBody")
    return judge_bodies(evidence, call, columns, call.response, call.response_id)


PROOF = Proof(
    id="completion",
    shows="the completion is in the gateway log",
    needs=("gateway", "llm"),
    judge=each_call(_judge),
    applies=lambda target: target.bodies,
    fix=PROMPT.fix,
)
