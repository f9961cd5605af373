"""What a stack of this project must be, whole: a policy for each part, and what each may hold."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
if str(PROJECT) not in sys.path:
    # The engine runs the pack from its own folder; the policy document's reader lies outside of it.
    sys.path.append(str(PROJECT))
