"""What the component Insights takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.insights.watched import Watched

if TYPE_CHECKING:
    from components.insights_settings import Alert


@dataclass(frozen=True, kw_only=True)
class InsightsArgs:
    """What is watched, how strictly, and who is told."""

    suffix: pulumi.Input[str]
    """End of the names of what is created: they are unique in a resource group."""
    resource_group_name: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    existing_workspace_id: str
    """The same if the workspace belongs to another stack, or ""."""
    workspace_location: pulumi.Input[str]
    """Region of the log alerts: each is evaluated where it lies, and belongs beside its workspace.

    https://github.com/Azure-Samples/AI-Gateway/pull/400
    """
    watched: Watched
    alerts: Mapping[str, Alert]
    """What the stack file changes, by rule."""
    emails: Sequence[str]
    webhooks: Sequence[str]
    tags: Mapping[str, str]
