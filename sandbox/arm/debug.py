"""Debug credentials: who may change a gateway gets a token that has it trace calls of one API.

https://learn.microsoft.com/azure/api-management/api-management-howto-api-inspector
"""

import json
import re
from typing import Any

from sandbox import clock
from sandbox.arm.base import SERVICE, missing, parse, refuse
from sandbox.cloud import Cloud
from sandbox.http import Request

LONGEST = 3_600
"""Seconds for which a token is valid at most, and if nothing is said."""
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


def credentials(cloud: Cloud, request: Request, service_id: str) -> dict[str, Any]:
    """A token for tracing names one API of the service and ends by itself, in an hour at most.

    https://learn.microsoft.com/rest/api/apimanagement/gateway/list-debug-credentials
    """
    service, body = cloud.get(service_id), _parsed(request.body)
    if service is None:
        raise missing(parse(service_id))
    if body.get("purposes") != ["tracing"]:
        raise refuse("InvalidRequestContent", text="purposes must be tracing")
    found = cloud.get(str(body.get("apiId") or ""))
    below = f"{service.id}/apis/".lower()
    if found is None or found.type != f"{SERVICE}/apis" or not found.id.lower().startswith(below):
        raise refuse("InvalidRequestContent", text="apiId is no API of this service")
    asked = _DURATION.fullmatch(str(body.get("credentialsExpireAfter") or "PT1H"))
    parts = [int(part or 0) for part in asked.groups()] if asked else []
    wanted = sum(part * unit for part, unit in zip(parts, (3_600, 60, 1), strict=False))
    if not 0 < wanted <= LONGEST:
        raise refuse("InvalidRequestContent", text="credentialsExpireAfter is PT1H at most")
    return {"token": token(cloud, found.name, int(clock.now()) + wanted)}


def token(cloud: Cloud, api: str, expiry: int) -> str:
    """A token says for which API and until when it is, signed by the service.

    https://learn.microsoft.com/azure/api-management/api-management-howto-api-inspector
    Sure: inferred, as the page shows how it begins and no more.
    """
    said = f"aid={api}&p=tracing&ex={expiry}"
    signature = cloud.derive("debug", said, length=64)
    return f"{said}&sn={signature}"


def _parsed(raw: bytes) -> dict[str, Any]:
    """Read the body of a request.

    Sure: no belief.
    """
    try:
        found = json.loads(raw or b"{}")
    except ValueError as error:
        raise refuse("InvalidRequestContent", text=error) from error
    return found if isinstance(found, dict) else {}
