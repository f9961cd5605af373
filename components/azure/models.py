"""What kind of call a model answers, by its name.

https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/models-sold-directly-by-azure
"""

from __future__ import annotations

from queries.contract import OPENAI, Kind


def kind_of(model: str, publisher: str = OPENAI) -> Kind:
    """Tell which inference operation a model's deployments serve."""
    if publisher != OPENAI:
        return "embeddings" if "embed" in model.lower() else "chat"
    if model.startswith("text-embedding-"):
        return "embeddings"
    if model.endswith("-instruct") or model in {"babbage-002", "davinci-002"}:
        return "completions"
    return "chat"
