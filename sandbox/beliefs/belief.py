"""One thing that the sandbox believes of Azure, and how sure it is by the kinds of its sources."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOMS = Path(__file__).parents[1]
"""The folder whose folders are the rooms of the sandbox."""
DOCUMENTED, SHOWN, INFERRED, NONE = "documented", "seen in public code", "inferred", "no belief"
DOUBT = re.compile(r"\b(inferred|(is|are) not (known|documented)|no (source|page) (says|tells))\b")
"""Words of a docstring that tell of what no source says."""
URL = re.compile(r"https?://[^\s\"'`]*[^\s\"'`.,;:)]")
_HOST = re.compile(r"https?://[^/]*/?")
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
    doubtful: bool = False
    """Whether the belief's own words tell of a doubt."""

    @property
    def room(self) -> str:
        """Return the room of the sandbox that holds the belief."""
        return self.id.partition(".")[0]

    @property
    def fault(self) -> str:
        """Say what the belief lacks: words, certainty, a source; or that it is too sure."""
        if not self.sure:
            return "has no source of its own, and does not say how sure it is"
        if self.sure == NONE:
            return ""
        if not self.says:
            return "does not say what it believes"
        if self.doubtful and self.sure != INFERRED:
            return f"tells of a doubt, and is {self.sure}: `Sure: inferred, as …`"
        return "" if self.sources or self.sure == INFERRED else "has no source"


def sources(text: str) -> tuple[str, ...]:
    """Return the pages that a text names; an API's host alone is no page."""
    return tuple(url for url in URL.findall(text) if not _HOST.fullmatch(url))


def by_kind(found: tuple[str, ...]) -> str:
    """Return how sure the weakest of these sources is; "" without sources."""
    if not found:
        return ""
    return DOCUMENTED if all(map(_DOCUMENTS.match, found)) else SHOWN


def weaker(sure: str, found: tuple[str, ...]) -> str:
    """Return how sure a belief says to be, but at most what its weakest source bears."""
    return SHOWN if sure == DOCUMENTED and by_kind(found) == SHOWN else sure


def named(path: Path) -> str:
    """Name a file of a room: `arm.gateway` is arm/gateway.py, `arm.azure` arm/data/azure.json."""
    parts = path.relative_to(ROOMS).with_suffix("").parts
    return ".".join(part for part in parts if part not in ("__init__", "data"))


def project_path(path: Path) -> str:
    """Return a file's path in the project."""
    return str(path.relative_to(ROOMS.parent))
