"""The deployed configuration against the declared one, read once and read-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from queries.check.configuration import (
    access_rules,
    logging_rules,
    model_rules,
    policy_rules,
    product_rules,
    remarks,
    route_rules,
    settings_rules,
    stream_rules,
)
from queries.check.configuration.base import Rule
from queries.check.configuration.manager import Manager, UnreadableError
from queries.check.configuration.read import READS
from queries.check.difference import Difference
from queries.outputs import Target

RULES: tuple[Rule, ...] = (
    *access_rules.RULES,
    *model_rules.RULES,
    *product_rules.RULES,
    *route_rules.RULES,
    *policy_rules.RULES,
    *stream_rules.RULES,
    *logging_rules.RULES,
    *settings_rules.RULES,
)
"""In the order of a call's way, from the caller to the workspace."""
UNSEEN_RULES: tuple[Rule, ...] = (
    access_rules.LOCAL_AUTH,
    *model_rules.RULES,
    product_rules.CONSUMERS,
    route_rules.UNLOGGED,
    logging_rules.PRESENT,
    logging_rules.SAMPLING,
    logging_rules.LLM_SIZES,
    *stream_rules.TIMEOUTS,
)
CONTENT_RULES: tuple[Rule, ...] = (logging_rules.BODIES, logging_rules.LLM)
UNEXPECTED = (KeyError, TypeError, ValueError, AttributeError)
"""What an answer of another shape than documented raises."""


@dataclass(kw_only=True)
class Configuration:
    """What was read so far; each part is asked for once."""

    target: Target
    manager: Manager
    read: dict[str, Any] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def differences(self, rules: Iterable[Rule] = RULES) -> list[Difference]:
        """Every difference that some rule names; a rule whose parts cannot be read is left out."""
        found: list[Difference] = []
        for rule in rules:
            if all(self._has(need) for need in rule.needs):
                found += self._compared(rule)
        return list(dict.fromkeys(found))

    def audit(self) -> list[Difference]:
        """What keeps audit logs from the workspace."""
        return self.differences(settings_rules.AUDIT_RULES)

    def unseen(self) -> list[Difference]:
        """What calls show by chance or not at all, such as a way around the gateway or its logs.

        Where no content may be logged, also what would log any: no row of a few calls shows it.
        """
        metadata = self.target.capture == "metadata"
        return self.differences((*UNSEEN_RULES, *(CONTENT_RULES if metadata else ())))

    def remarks(self) -> list[str]:
        """What Azure has changed by itself, or plans to; nothing where it cannot be read."""
        if not all(self._has(need) for need in remarks.NEEDS):
            return []
        return list(remarks.remarks(self.read))

    def streams(self) -> list[Difference]:
        """What makes the gateway hold streamed answers back."""
        return self.differences(stream_rules.RULES)

    def _compared(self, rule: Rule) -> list[Difference]:
        try:
            return list(rule.compare(self.target, self.read))
        except UNEXPECTED:
            self.unreadable |= dict.fromkeys(rule.needs, "an answer of another shape")
            return []

    def _has(self, name: str) -> bool:
        if name not in self.read and name not in self.unreadable:
            try:
                self.read[name] = READS[name](self.manager, self.target)
            except UnreadableError as error:
                self.unreadable[name] = str(error)
            except UNEXPECTED:
                self.unreadable[name] = "an answer of another shape"
        return name in self.read
