"""Content filters: phrases stand for what a classifier would find harmful at medium severity.

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter

Sure: documented.
"""

import json
from typing import Any

from sandbox.model.parameters import Json, RefusalError

CATEGORIES = ("hate", "self_harm", "sexual", "violence")
PROMPTS = {
    "how to hurt somebody": "violence",
    "why those people are inferior": "hate",
    "how to harm myself": "self_harm",
}
ANSWERS = {"a bloody battle scene": "violence", "an explicit love scene": "sexual"}
"""Asked for, it is written, and stopped on the way out."""


def results(stopped: str = "") -> Json:
    """The verdict on each category, as it goes with every prompt and answer."""
    bad = {"filtered": True, "severity": "medium"}
    return {name: bad if name == stopped else {"filtered": False} for name in CATEGORIES}


def check_prompt(prompt: Any) -> None:
    """400 for a prompt that is stopped: https://github.com/compl-ai/compl-ai/issues/20 ."""
    if category := _found(PROMPTS, prompt):
        message = "The response was filtered due to the prompt triggering Azure OpenAI's content "
        message += "management policy. Please modify your prompt and retry. To learn more about "
        message += "our content filtering policies please read our documentation: "
        message += "https://go.microsoft.com/fwlink/?linkid=2198766"
        refusal = RefusalError(400, "content_filter", message, type=None, param="prompt")
        why = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": results(category)}
        refusal.body["error"] |= {"status": 400, "innererror": why}
        raise refusal


def in_answer(prompt: Any) -> str:
    """The category for which the answer to a prompt is stopped; empty if it is not.

    Sure: no belief.
    """
    return _found(ANSWERS, prompt)


def _found(phrases: dict[str, str], text: Any) -> str:
    plain = json.dumps(text).lower()
    return next((category for phrase, category in phrases.items() if phrase in plain), "")
