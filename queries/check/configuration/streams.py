"""What lets streamed answers through as they come, and how long the gateway waits for an answer.

https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.gateway.reader import Element, parse
from queries.check.configuration.base import Comparison, Deployed, differs, inside, properties
from queries.check.difference import REFRESH, Difference
from queries.outputs import Target

POLICY = "the API's policy"
DIAGNOSTIC = "the API's diagnostic azuremonitor"
IN_PORTAL = "portal: API > Settings > Azure Monitor; " + REFRESH
IN_POLICY = "portal: API > Design > Backend > Policies; " + REFRESH


def unbuffered(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the API's forward-request passes each part on: any other waits for 8 KB.

    https://learn.microsoft.com/azure/api-management/forward-request-policy
    """
    if (backend := _backend(deployed)) is not None:
        path = f"buffer-response of forward-request in {POLICY}"
        found = backend.first("forward-request")
        said = found.attributes.get("buffer-response") if found else None
        yield from differs(path, "false", said, IN_POLICY)


def unlogged(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that no body of a response is logged, unless the stack asks for it."""
    if target.log_response_bodies or deployed["diagnostic"] is None:
        return
    for side in ("frontend", "backend"):
        found = inside(properties(deployed["diagnostic"]), side, "response", "body", "bytes") or 0
        yield from differs(f"{side} response body bytes of {DIAGNOSTIC}", 0, int(found), IN_PORTAL)


def timeout(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand as many seconds for an answer to begin as declared: only a slow one shows fewer."""
    declared, backend = target.backend_timeout_seconds, _backend(deployed)
    if backend is not None and (found := backend.first("forward-request")):
        said = found.attributes.get("timeout")
        yield from differs(f"timeout of forward-request in {POLICY}", declared, said, IN_POLICY)


def _backend(deployed: Deployed) -> Element | None:
    """Return the section, empty if the policy has none; None if there is no policy.

    Raises:
        ValueError: the policy is no XML.
    """
    if deployed["policy"] is None:
        return None
    document = parse(str(properties(deployed["policy"]).get("value") or ""))
    if document is None:
        raise ValueError("the policy is no XML")
    return document.first("backend") or Element("backend")


COMPARISONS = (Comparison(("policy",), unbuffered), Comparison(("diagnostic",), unlogged))
TIMEOUTS = (Comparison(("policy",), timeout),)
