"""One difference between what the stack declared and what is deployed."""

from __future__ import annotations

from dataclasses import dataclass

REFRESH = "pulumi up --refresh puts it back"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference between the declaration and the deployment."""

    path: str
    """Resource and property, as a person would look them up."""
    declared: str
    deployed: str
    fix: str = REFRESH

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


NOTHING = Findings()
"""What is found where nobody has looked."""
