"""Content filters of the stack file: what each stops, from what severity on.

Microsoft's default filter is what each key has if nothing is said:
https://learn.microsoft.com/azure/foundry/openai/concepts/default-safety-policies
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from components.settings.constraints import Frozen, matching, one_of

AZURES_OWN = "microsoft."
"""How the names of filters begin that Azure itself has in every account."""
FILTER_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""https://learn.microsoft.com/rest/api/aiservices/accountmanagement/rai-policies/create-or-update"""
FILTER_NAME = (
    "1 to 64 letters, digits, underscores, periods and hyphens, first a letter or digit, "
    "not beginning with Microsoft."
)
FILTER_CHOICE = "the name of one of contentFilters, or of Azure's own such as Microsoft.DefaultV2"

Threshold = Annotated[str, one_of("Low", "Medium", "High")]
"""The least severity that is stopped: Low stops most.

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
"""
Action = Annotated[str, one_of("block", "annotate", "off")]
"""What is done about what is found: the call is stopped, only told of it, or nothing is looked for.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/content-filters
"""


class ContentFilter(Frozen):
    """A content filter that deployments may name; as it stands, it stops what Azure's own stops."""

    name: Annotated[str, matching(FILTER_NAME, rf"(?!(?i:microsoft)\.){FILTER_PATTERN}")]
    """Name by which deployments choose it."""
    hate: Threshold = "Medium"
    """Least severity of hate, in prompts and answers, that is stopped ({bounds})."""
    sexual: Threshold = "Medium"
    """Least severity of sexual content that is stopped."""
    self_harm: Threshold = "Medium"
    """Least severity of self-harm that is stopped."""
    violence: Threshold = "Medium"
    """Least severity of violence that is stopped."""
    jailbreak: Action = "block"
    """Prompts that attack the model's instructions ({bounds})."""
    indirect_attacks: Action = "off"
    """Attacks that hide in documents of a prompt."""
    protected_text: Action = "block"
    """Answers that repeat known texts."""
    protected_code: Action = "block"
    """Answers that repeat code of public repositories."""


def check_named(names: Iterable[str], declared: Iterable[ContentFilter]) -> None:
    """Refuse a name that is neither declared nor Azure's: Azure refuses it after the account.

    Raises ValueError with what is allowed.
    """
    known = {one.name.lower() for one in declared}
    missing = {
        name
        for name in names
        if name and name.lower() not in known and not name.lower().startswith(AZURES_OWN)
    }
    if missing:
        raise ValueError(f"{FILTER_CHOICE}; neither: {', '.join(sorted(missing))}")
