from __future__ import annotations

import sys
from pathlib import Path

# The engine runs the pack from its own folder, so its modules are found there.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "policies" / "guardrails"))
