"""Rotate a consumer's keys so that at every moment the key in the vault is one that is taken.

    vault holds      next step
    primary          make the secondary anew, put it into the vault; callers move
    secondary        once nobody calls with the primary: make it anew, put it into the vault

Each step begins with what Azure shows, so a run that was cut off anywhere is run again. A key is
made anew only while the vault holds the other one, and nobody has called with it of late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from queries.check import vault
from queries.check.vault import Held
from queries.clock import Clock
from queries.errors import CannotRunError
from tools.keys.azure import Azure
from tools.keys.hand_out import hand_out
from tools.keys.used import Used

End = Literal["rotated", "waiting", "unproven"]
OTHER = {vault.PRIMARY: vault.SECONDARY, vault.SECONDARY: vault.PRIMARY}


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """One consumer's rotation, and all that it works with."""

    azure: Azure
    consumer: str
    quiet: timedelta
    """How long a key must have been out of the vault, and unused, before it is made anew."""
    force: bool
    used: Callable[[datetime, datetime], Sequence[Used]]
    """The consumer's calls by key between two times."""
    reached: Callable[[str], str]
    """Tries the vault's key before anything is made anew; says what is wrong, "" for nothing."""
    proven: Callable[[str, str], str]
    """Tries an old key and a new one at the gateway; says what is wrong, "" for nothing."""
    clock: Clock
    say: Callable[[str], None]

    def run(self) -> End:
        """Go as far as callers let it.

        Raises:
            CannotRunError: Azure refuses, or the log cannot be read; run it again.
        """
        self._say(hand_out(self.azure, self.consumer, self.clock.now()))
        held = self._held()
        if self.force:
            return self._both(held)
        if held.key == vault.PRIMARY:
            if wrong := self._turn(vault.SECONDARY, held):
                return wrong
            held = self._held()
        return self._turn(vault.PRIMARY, held) or "rotated"

    def _both(self, held: Held) -> End:
        """Make both keys anew, first the one that the vault does not hold, whoever calls."""
        first = self._turn(OTHER[held.key], held)
        second = self._turn(held.key, self._held())
        return first or second or "rotated"

    def _held(self) -> Held:
        return self.azure.held(self.consumer) or Held()

    def _turn(self, which: str, held: Held) -> End | None:
        """Make a key anew that the vault does not hold, prove it, and hand it out."""
        if why := self._in_use(which, held):
            self._say(f"waits: {why}")
            return "waiting"
        keys = self.azure.keys(self.consumer)
        old = keys[which]
        if not self.force and (wrong := self.reached(keys[OTHER[which]])):
            raise CannotRunError(
                f"{self.consumer}: {wrong}, so no new key could be tried; nothing was changed",
                "run it where the gateway can be reached, with the vault's key in order",
            )
        self.azure.regenerate(self.consumer, which)
        new = self.azure.keys(self.consumer)[which]
        if old == new:
            self._say(f"Azure gives the same {which} key as before: nothing was handed out")
            return "unproven"
        wrong = self.proven(old, new)
        if "new" in wrong and not self.force:
            self._say(f"{wrong}: it is not handed out, and the {OTHER[which]} key goes on")
            return "unproven"
        self.azure.put(self.consumer, which, new, self.clock.now())
        self._say(f"the vault holds the new {which} key")
        if wrong:
            self._say(wrong)
            return "unproven"
        self._say("the old key is refused, the new one accepted")
        return None

    def _in_use(self, which: str, held: Held) -> str:
        """Say why callers may still have a key; "" if it may be made anew."""
        if self.force:
            return ""
        now = self.clock.now()
        moved = now - held.since
        if moved < self.quiet:
            free = held.since + self.quiet
            return (
                f"the vault holds the {held.key} key since {held.since:%Y-%m-%d %H:%M} UTC; from "
                f"{free:%Y-%m-%d %H:%M} on run this again, unless callers have moved (--quiet)"
            )
        calls = [one for one in self.used(now - self.quiet, now) if one.key != OTHER[which]]
        return "; ".join(map(str, calls))

    def _say(self, what: str) -> None:
        if what:
            self.say(f"{self.consumer}: {what}")
