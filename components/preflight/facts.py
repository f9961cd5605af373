"""What Azure answers: read side by side before anything is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.preflight.lines import Line, unverified
from components.preflight.plan import Plan
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager

Read = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Azure:
    """One subscription, as whoever deploys may read it."""

    manager: Manager
    subscription: str
    _known: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """Return the subscription's id in Resource Manager."""
        return f"/subscriptions/{self.subscription}"

    def provider(self, namespace: str, subscription: str = "") -> str:
        """Return the id of a service in the subscription, or in another one."""
        root = f"/subscriptions/{subscription}" if subscription else self.root
        return f"{root}/providers/{namespace}"

    def learn(self, reads: Mapping[str, Read]) -> None:
        """Make the reads that were not made before, side by side."""
        news = {name: read for name, read in reads.items() if name not in self._known}
        answers = self.manager.at_once(news.values())
        self._known.update(zip(news, answers, strict=True))

    def fact(self, name: str) -> Any:
        """Return an answer.

        Raises:
            UnreadableError: there is none.
        """
        found = self._known[name]
        if isinstance(found, UnreadableError):
            raise found
        return found


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to ask: what is read for it, and what follows."""

    id: str
    about: str
    """What it makes sure of, in a line."""
    right: str
    """The action that whoever asks must be allowed."""
    applies: Callable[[Plan], bool]
    reads: Callable[[Plan, Azure], Mapping[str, Read]]
    judge: Callable[[Plan, Azure], Iterable[Line]]


def answered(check: Check, plan: Plan, azure: Azure) -> list[Line]:
    """Judge by what was read; what could not be read, or understood, is unverified."""
    return guarded(check.id, check.right, lambda: check.judge(plan, azure))


def guarded(name: str, right: str, judge: Callable[[], Iterable[Line]]) -> list[Line]:
    """Judge one part by itself, so that an answer that is missing spoils no other part."""
    try:
        return list(judge())
    except UnreadableError as error:
        return [unread(name, error, right)]
    except (AttributeError, KeyError, TypeError, ValueError):
        why = "Azure's answer has another shape than documented"
        return [unverified(name, why, "look it up in the portal, and report the fault")]


def unread(name: str, error: UnreadableError, right: str) -> Line:
    """Say that an answer is missing, and which right would bring it."""
    code = f" ({error.code})" if error.code else ""
    return unverified(name, f"not read: {error}{code}", f"reading it takes the right {right}")
