"""The options of a run of the sandbox, parsed once from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal


@dataclass(frozen=True, kw_only=True)
class Options:
    """One run's options; every random choice of the run follows from `seed`."""

    folder: Annotated[Path, "where state lies between calls"] = Path(".sandbox")
    journal: Annotated[Path | None, "file for a JSON line of every ARM operation"] = None
    latency: Annotated[Literal["none", "azure"], "durations of ARM operations"] = "none"
    time_scale: Annotated[float, "real seconds slept for each modelled second"] = 0.001
    faults: Annotated[Path | None, "JSON list of faults to inject into ARM operations"] = None
    ingestion_delay: Annotated[float, "real seconds until a log row becomes visible"] = 1.0
    role_delay: Annotated[float, "real seconds until a role assignment takes effect"] = 1.0
    logger: Annotated[
        Literal["never", "with-service", "with-setting"],
        "when API Management makes the logger azuremonitor by itself",
    ] = "never"
    held_back: Annotated[
        Literal["response", "any"],
        "which logged bodies hold a stream back: those of responses, or of any message",
    ] = "response"
    place: Annotated[
        Literal["outside", "inside"],
        "where the command stands: in the internet, or in the tenant's virtual networks",
    ] = "outside"
    seed: Annotated[int, "makes every random choice repeatable"] = 0
