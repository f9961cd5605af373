"""Send requests that Azure must refuse, each within the run's own group.

If Azure takes one all the same, the group's deletion removes what it created.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from string import Template
from typing import Any

import httpx

from tools.acceptance.arm import ENDPOINT, VERSIONS, Arm, status_and_code
from tools.acceptance.events import Facts
from tools.acceptance.plan import Plan

REQUESTS = Path(__file__).with_name("refusals.json")
"""Method, path, key of `VERSIONS` and body, by what is wrong with them; `$names` are the run's."""
NOBODY = "00000000-0000-4000-8000-000000000000"


def requests(plan: Plan) -> dict[str, tuple[str, str, str, Any]]:
    """Return method, path, API version and body of each request, by what is wrong with it."""
    text = Template(REQUESTS.read_text()).substitute(
        subscription=f"/subscriptions/{plan.subscription}",
        group=plan.group_id,
        nobody=NOBODY,
        new=uuid.uuid4(),
        **{kind: plan.id(kind) for kind in plan.names},
    )
    return {
        name: (one["method"], one["path"], VERSIONS.get(one.get("version"), ""), one.get("body"))
        for name, one in json.loads(text).items()
    }


def provoke(arm: Arm) -> Facts:
    """Send the requests, and one without a token; return status and code of each refusal."""
    found = {
        f"refusal {name}": status_and_code(arm.send(method, path, version, body))
        for name, (method, path, version, body) in requests(arm.plan).items()
    }
    path, query = arm.plan.group_id, {"api-version": VERSIONS["group"]}
    answer = httpx.get(f"{ENDPOINT}{path}", params=query, timeout=60)
    found["refusal no token"] = status_and_code(answer)
    return found
