"""One difference between what the stack declared and what is deployed."""

from __future__ import annotations

from dataclasses import dataclass

from queries.check.masked import masked

REFRESH = "pulumi up --refresh puts it back"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference between the declaration and the deployment; it shows no key or token."""

    path: str
    """Resource and property, as a person would look them up."""
    declared: str
    deployed: str
    fix: str = REFRESH

    def __post_init__(self) -> None:
        """Take out what may be secret, before anybody shows or writes the values."""
        for name in ("declared", "deployed"):
            object.__setattr__(self, name, masked(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.path} is {self.deployed}, declared {self.declared}"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a proof finds in the deployed configuration."""

    differences: tuple[Difference, ...] = ()
    unclear: tuple[str, ...] = ()
    """What could not be read or is not understood, each with its place."""
    said: str = ""
    """What was looked at, where nothing was found."""
    groups: tuple[str, ...] = ()
    """Groups whose members may call the account, of those that `otherCallers` names."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Name each unclear place, without the reason, which may change from run to run."""
        return tuple(dict.fromkeys(map(_place, self.unclear)))


def unread(part: str, reason: str) -> str:
    """Say of a part that it cannot be read, and why."""
    return f"{part} cannot be read ({reason})"


def _place(unclear: str) -> str:
    """Return the place of what is unclear: a path, `STATEMENT in POLICY`, or all that is said.

    What concerns no single statement keeps its reason: an API may be unclear in several ways.
    """
    path, unread, _ = unclear.partition(" cannot be read (")
    place, colon, _ = unclear.rpartition(": ")
    return (path if unread else place if colon and " in " in place else unclear).lstrip("/")


NOTHING = Findings()
"""What is found where nobody has looked."""
