"""Read what a test of the sandbox takes for granted: a resource that is there, a whole body."""

from __future__ import annotations

import json
from typing import Any

from sandbox.cloud import Cloud, Resource
from sandbox.http import Response


def held(cloud: Cloud, resource_id: str) -> Resource:
    """Return the live resource of that id, which must exist."""
    found = cloud.get(resource_id)
    assert found, f"{resource_id} is not in the cloud"
    return found


def whole(response: Response) -> bytes:
    """Return the body of a response that came in one piece."""
    assert isinstance(response.body, bytes), "the response is a stream"
    return response.body


def reply(response: Response) -> Any:
    """Return the JSON value of a response that came in one piece."""
    return json.loads(whole(response))
