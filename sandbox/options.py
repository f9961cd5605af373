"""What a run of the sandbox may be asked for: the command line's options, parsed once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Options:
    """One run's options; every random choice of the run follows from `seed`."""

    folder: Path = Path(".sandbox")
    """Where the cloud's and Pulumi's state live between calls."""
    journal: Path | None = None
    """File that gets one JSON object a line for every ARM operation."""
    latency: Literal["none", "azure"] = "none"
    """Durations of ARM operations."""
    time_scale: float = 0.001
    """Real seconds slept for each modelled second."""
    faults: Path | None = None
    """JSON list of faults to inject into ARM operations."""
    ingestion_delay: float = 1.0
    """Seconds (real) until a log row becomes visible."""
    role_delay: float = 1.0
    """Seconds (real) until a role assignment takes effect."""
    seed: int = 0
    """Makes every random choice repeatable."""
