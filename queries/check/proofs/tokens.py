"""The logged token counts are those that the caller was told."""

from __future__ import annotations

import json

from queries.check.evidence import Call, Evidence, Usage, text
from queries.check.proofs.base import Proof, Verdict, each_call, failed, no_row, seen, waiting
from queries.check.workspace import Row

TABLE = "ApiManagementGatewayLlmLog"
TURN_ON = "set llmLogging: true in the stack file, then pulumi up"


def _judge(evidence: Evidence, call: Call) -> Verdict:
    if evidence.target.llm_logging:
        verdict = _by_llm_log(evidence, call)
        if call.kind == "chat" or verdict.status == "seen":
            return verdict
    elif not evidence.target.bodies:
        return failed(
            "neither llmLogging nor capture: full is on, so no tokens are logged", TURN_ON
        )
    return _by_body(evidence, call)


def _by_llm_log(evidence: Evidence, call: Call) -> Verdict:
    counts = {_counts(row) for row in evidence.linked("llm", call) if row.get("TotalTokens")}
    if not counts:
        return no_row(evidence, "llm", TABLE)
    if call.usage is None or call.usage in counts:
        return seen(f"{next(iter(counts)) if call.usage is None else call.usage} in {TABLE}")
    return _differ(call.usage, next(iter(counts)))


def _by_body(evidence: Evidence, call: Call) -> Verdict:
    """From `usage` in the logged response, which stands at its end.

    The LLM log is documented for chat completions only, so other calls are read here.
    https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
    """
    if call.kind != "chat" and (
        not evidence.target.bodies or len(call.response) > evidence.target.body_bytes
    ):
        return seen("not judged: usage is not in what is logged of a response")
    bodies = [text(row, "ResponseBody") for row in evidence.linked("gateway", call)]
    if not any(bodies):
        return waiting("no logged response to read usage from yet")
    found = [usage for body in bodies if (usage := usage_in(body))]
    if not found:
        return failed("the logged response is cut, so its usage is lost", TURN_ON)
    if call.usage is None or call.usage in found:
        return seen(f"{found[0]} in ResponseBody")
    return _differ(call.usage, found[0])


def usage_in(body: str) -> Usage | None:
    """The `usage` of a whole JSON response; None for one that was cut or has none."""
    try:
        return Usage.of(json.loads(body)["usage"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _counts(row: Row) -> Usage:
    names = ("PromptTokens", "CompletionTokens", "TotalTokens")
    prompt, completion, total = (int(row.get(name) or 0) for name in names)
    return Usage(prompt=prompt, completion=completion, total=total)


def _differ(told: Usage, logged: Usage) -> Verdict:
    return failed(
        f"logged {logged}, but the caller was told {told}",
        "totals from this workspace are wrong: compare tokens-by-consumer.kql with callers' usage",
    )


PROOF = Proof(
    id="tokens",
    shows="logged tokens are what the caller was told",
    needs=("gateway", "llm"),
    judge=each_call(_judge),
    fix="no LLM rows arrive: the API's diagnostic needs largeLanguageModel logs enabled, and the "
    "gateway's diagnostic setting the category GatewayLlmLogs; a setting made before that category "
    "existed lacks it (portal: API Management > Diagnostic settings)",
)
