"""The example stack, and what a test may put beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
EMBEDDINGS = {
    "name": "text-vectors",
    "model": "text-embedding-3-small",
    "version": "1",
    "sku": "Standard",
    "capacity": 1,
}
"""A deployment of embeddings, the one kind that the example lacks."""


def example_config() -> dict[str, Any]:
    """Return the example stack's configuration, by key."""
    raw = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    return {key.split(":", 1)[1]: value for key, value in raw.items()}
