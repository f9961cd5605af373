"""One thing that the sandbox believes of Azure, and how sure it is by the kinds of its sources."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOMS = Path(__file__).parents[1]
"""The folder whose folders are the rooms of the sandbox."""
DOCUMENTED, SHOWN, INFERRED, NONE = "documented", "seen in public code", "inferred", "no belief"
URL = re.compile(r"https?://[^\s\"'`]*[^\s\"'`.,;:)]")
_DOCUMENTS = re.compile(
    r"https://(learn\.microsoft\.com|(www\.)?pulumi\.com|[\w-]+\.readthedocs\.io|grpc\.io"
    r"|www\.rfc-editor\.org|github\.com/(Azure/azure-r[\w-]+|MicrosoftDocs/[\w-]+)/(blob|tree))/"
)


@dataclass(frozen=True, kw_only=True)
class Belief:
    """One rule; `sure` is empty where nothing says how sure it is, `why` is the doubt."""

    id: str
    says: str
    file: str
    sources: tuple[str, ...]
    sure: str
    why: str = ""

    @property
    def room(self) -> str:
        """The part of the sandbox that holds it."""
        return self.id.partition(".")[0]

    @property
    def fault(self) -> str:
        """What it lacks: a degree of certainty, or a source for any but an inferred one."""
        if not self.sure:
            return "has no source, and does not say how sure it is"
        return "" if self.sources or self.sure in (INFERRED, NONE) else "has no source"


def sources(text: str) -> tuple[str, ...]:
    """The addresses that a text names."""
    return tuple(URL.findall(text))


def by_kind(found: tuple[str, ...]) -> str:
    """How sure a belief with these sources is; empty without any."""
    if any(map(_DOCUMENTS.match, found)):
        return DOCUMENTED
    return SHOWN if found else ""


def named(path: Path) -> str:
    """`arm.gateway` of sandbox/arm/gateway.py, `arm.azure` of sandbox/arm/data/azure.json."""
    parts = path.relative_to(ROOMS).with_suffix("").parts
    return ".".join(part for part in parts if part not in ("__init__", "data"))


def project_path(path: Path) -> str:
    """A file's path in the project."""
    return str(path.relative_to(ROOMS.parent))
