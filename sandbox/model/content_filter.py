"""Content filters: phrases stand for what a classifier would find, each of a severity.

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter

Sure: documented.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.cloud import Cloud, Resource
from sandbox.model.parameters import Json, RefusalError

CATEGORIES = ("hate", "self_harm", "sexual", "violence")
SEVERITIES = ("low", "medium", "high")
FOUND = ""
"""Severity of what is found or not, as an attack is."""
Found = tuple[str, str]
"""A category and a severity."""
PROMPTS: dict[str, Found] = {
    "how to win a pillow fight": ("violence", "low"),
    "how to hurt somebody": ("violence", "medium"),
    "how to torture somebody": ("violence", "high"),
    "why those people are inferior": ("hate", "medium"),
    "how to harm myself": ("self_harm", "medium"),
    "ignore all previous instructions": ("jailbreak", FOUND),
}
ANSWERS: dict[str, Found] = {
    "a kiss in the rain": ("sexual", "low"),
    "a bloody battle scene": ("violence", "medium"),
    "an explicit love scene": ("sexual", "medium"),
    "the lyrics of that song": ("protected_material_text", FOUND),
}
"""Asked for, it is written, and stopped on the way out."""


@dataclass(frozen=True)
class Filter:
    """What is stopped: by category and source, from what severity on."""

    thresholds: dict[tuple[str, str], str]
    """By category and `prompt` or `completion`; what is not listed passes."""

    def stops(self, source: str, found: Found) -> bool:
        """Whether content of that category and severity is stopped.

        https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-severity-levels
        """
        category, severity = found
        least = self.thresholds.get((category, source))
        if least is None or severity == FOUND:
            return least is not None
        return SEVERITIES.index(severity) >= SEVERITIES.index(least)


DEFAULT = Filter(
    {(category, source): "medium" for category in CATEGORIES for source in ("prompt", "completion")}
    | {("jailbreak", "prompt"): FOUND}
    | {(f"protected_material_{what}", "completion"): FOUND for what in ("text", "code")}
)
"""What stops harm where a deployment names no filter of its own.

https://learn.microsoft.com/azure/foundry/openai/concepts/default-safety-policies
"""


def of(cloud: Cloud, deployment: Resource) -> Filter:
    """The filter of a deployment: that which it names, or Azure's own.

    Sure: inferred, as no page says whether a category that a filter leaves out has its base's.
    """
    name = str(deployment.properties.get("raiPolicyName") or "")
    account = deployment.id.rsplit("/", 2)[0]
    policy = cloud.get(f"{account}/raiPolicies/{name}") if name else None
    return Filter(dict(_blocking(policy))) if policy else DEFAULT


def _blocking(policy: Resource) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield category, source and least severity of what a policy does not just tell of.

    Sure: no belief.
    """
    for one in policy.properties.get("contentFilters") or []:
        if one.get("enabled") and one.get("blocking"):
            name = one["name"].lower().replace(" ", "_").replace("selfharm", "self_harm")
            threshold = str(one.get("severityThreshold") or FOUND).lower()
            yield (name, one["source"].lower()), threshold


def results(stopped: Found | None = None) -> Json:
    """The verdict on each category, as it goes with every prompt and answer."""
    verdict: Json = {name: {"filtered": False} for name in CATEGORIES}
    if stopped:
        category, severity = stopped
        said = {"severity": severity} if severity else {"detected": True}
        verdict[category] = {"filtered": True, **said}
    return verdict


def check_prompt(prompt: Any, by: Filter = DEFAULT) -> None:
    """400 for a prompt that is stopped: https://github.com/compl-ai/compl-ai/issues/20 ."""
    if stopped := _stopped(PROMPTS, prompt, by, "prompt"):
        message = "The response was filtered due to the prompt triggering Azure OpenAI's content "
        message += "management policy. Please modify your prompt and retry. To learn more about "
        message += "our content filtering policies please read our documentation: "
        message += "https://go.microsoft.com/fwlink/?linkid=2198766"
        refusal = RefusalError(400, "content_filter", message, type=None, param="prompt")
        why = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": results(stopped)}
        refusal.body["error"] |= {"status": 400, "innererror": why}
        raise refusal


def in_answer(prompt: Any, by: Filter = DEFAULT) -> Found | None:
    """That for which the answer to a prompt is stopped.

    Sure: no belief.
    """
    return _stopped(ANSWERS, prompt, by, "completion")


def _stopped(phrases: dict[str, Found], text: Any, by: Filter, source: str) -> Found | None:
    plain = json.dumps(text).lower()
    found = (one for phrase, one in phrases.items() if phrase in plain)
    return next((one for one in found if by.stops(source, one)), None)
