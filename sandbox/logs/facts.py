"""What the services that write, keep and query logs say and do, read once from `facts.json`.

It stands apart from the engine that runs queries, which takes long to load and few need.

Sure: no belief.
"""

import json
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("facts.json").read_text())


class QueryError(Exception):
    """A query that Kusto refuses; `args` are inner errors, code and message, outermost first."""
