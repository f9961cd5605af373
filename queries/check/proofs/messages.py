"""The LLM log holds the messages: the prompt's marker and the completion's words."""

from __future__ import annotations

from queries.check.evidence import Call, Evidence, text
from queries.check.proofs.base import Proof, Verdict, each_call, failed, no_row, seen, waiting
from queries.check.proofs.tokens import TABLE
from queries.check.workspace import Row


def _judge(evidence: Evidence, call: Call) -> Verdict:
    if call.kind != "chat":
        return seen("not judged: the LLM log is documented for chat completions only")
    rows = evidence.linked("llm", call)
    if not rows:
        return no_row(evidence, "llm", TABLE)
    prompt, completion = joined(rows, "Request"), joined(rows, "Response")
    if not prompt or ((call.answer or not call.marker) and not completion):
        missing = "prompt" if not prompt else "completion"
        return waiting(f"{len(rows)} entries in {TABLE}, none with the {missing}")
    if call.marker not in prompt or call.answer not in completion:
        return failed(
            "the messages logged for this call are not those that were sent",
            "open prompts-and-completions.kql and report it to Azure support with the call's time",
        )
    return seen(f"{call.marker or 'text'} in RequestMessages, and the answer in ResponseMessages")


def joined(rows: list[Row], column: str) -> str:
    """The chunks of one call's message in order, each once."""
    chunks = {int(row.get("SequenceNumber") or 0): text(row, column) for row in rows}
    return "".join(chunks[number] for number in sorted(chunks))


PROOF = Proof(
    id="messages",
    shows="the LLM log holds prompt and completion",
    needs=("llm", "gateway"),
    judge=each_call(_judge),
    applies=lambda target: target.messages,
    fix="LLM rows come without messages, or not at all: largeLanguageModel of the API's diagnostic "
    "needs requests and responses with messages: all, and the gateway's diagnostic setting the "
    "category GatewayLlmLogs (portal: API > Settings > Azure Monitor > Log LLM messages)",
)
