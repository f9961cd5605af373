"""What a person has to know of settings that are not wrong."""

from __future__ import annotations

from components.settings.limits import HELD_BACK, NO_ANSWERS, OTHER_PUBLISHERS
from components.settings.stack import Settings
from queries.contract import OPENAI


def warnings(settings: Settings) -> list[str]:
    """Return what follows from the settings, and what to do about it."""
    narrow = settings.gateway_role == "Cognitive Services OpenAI User"
    every = [one for account in settings.every_account for one in account.deployments]
    others = narrow and any(one.format != OPENAI for one in every)
    return [*([OTHER_PUBLISHERS] if others else []), *_of_logs(settings)]


def _of_logs(settings: Settings) -> list[str]:
    if settings.capture == "metadata" or settings.llm_logging:
        return []
    if settings.body_bytes == 0:
        return [NO_ANSWERS]
    return [] if settings.log_response_bodies else [HELD_BACK]
