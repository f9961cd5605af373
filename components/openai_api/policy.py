"""The gateway's policy document for the API: read from `policies/gateway`, filled in."""

from __future__ import annotations

from collections.abc import Collection
from xml.sax.saxutils import escape

from components.openai_api.routing import TRIP_SECONDS, Routing
from components.openai_api.token_callers import TokenCallers
from components.settings import policy_document

KEY_HEADER = "api-key"
"""Header in which the OpenAI client libraries for Azure send their key."""

KEY_QUERY_PARAMETER = "subscription-key"
"""Query parameter that may carry the key instead of the header; the policy deletes both."""

QUOTES = {'"': "&quot;"}
INDENT = " " * 6
"""Blanks before a branch of the document's choice of an account."""
ACCOUNTING_HEADER = "x-gateway-accounting"
"""Response header in which the policy writes what the logs need of an answer whose body they lack.

Each answer that is JSON, and so comes whole, gets the header: model, `usage`, why the answer ended,
the code of an error, and a filter's verdicts if a filter stopped the answer; no text. Its value is
JSON without quotes, as no page says how the gateway log writes a header's value. Callers see it.
"""


READABLE = {"V2": "^([0-9]{0,6}|1[0-9]{6}|20[0-8][0-9]{4})$", "": "^[0-9]*$"}
"""Lengths of a body that policies of a tier can read, by how the tier's name ends: the v2 tiers
hold 2 MiB of a body, the classic ones 500 MiB, and no inference call is as long.

https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-gateway-constraints.md
"""


def render(
    *,
    audience: str,
    backend_url: str,
    timeout: int,
    tier: str = "",
    without: Collection[str] = frozenset(),
    routing: Routing | None = None,
    callers: TokenCallers | None = None,
) -> str:
    """Render the policy that calls `backend_url` with the gateway's own token for `audience`.

    The gateway waits `timeout` seconds for an answer to begin, and reads no body that is too long
    for its `tier`. Fragments in `without` are left out.
    With a `routing` the policy calls the backends of several accounts instead, by the deployment
    that a call names, and sends on to the next what one refuses.
    With `callers` it lets in calls by their tokens too, or alone.

    The backend section replaces the gateway's, which would send each call again; the outbound
    section reads no stream, as that would hold the stream back, and without `Accept-Encoding`
    answers are not compressed.
    https://learn.microsoft.com/azure/api-management/forward-request-policy
    https://learn.microsoft.com/azure/api-management/how-to-server-sent-events

    Raises:
        ValueError: `backend_url` has no scheme, has it twice, or holds an empty path segment.
    """
    host_and_path = backend_url.removeprefix("https://")
    if host_and_path == backend_url or "//" in host_and_path or host_and_path.endswith("/"):
        raise ValueError(
            f"backend URL {backend_url!r}: allowed is https://<host>/<path>, no // in the path "
            "and no / at the end"
        )
    values = {
        "audience": escape(audience, QUOTES),
        "backendUrl": escape(backend_url, QUOTES),
        "timeout": timeout,
        "readableLength": READABLE["V2" if tier.endswith("V2") else ""],
        "accountingHeader": ACCOUNTING_HEADER,
    }
    values |= callers.values if callers else {}
    if routing:
        values |= {
            "routes": _routes(routing),
            "backend": routing.default,
            "tripSeconds": TRIP_SECONDS,
        }
    document = policy_document.template(
        frozenset(without), several=bool(routing), tokens=callers is not None
    )
    return document.substitute(values)


def _routes(routing: Routing) -> str:
    """Write a branch for each deployment's name: its pool, or the account that has it alone."""
    lines = list[str]()
    called = 'context.Variables.GetValueOrDefault<string>("called-deployment", "")'
    for route in routing.routes:
        lines.append(f'<when condition="@({called} == "{route.deployment}")">')
        lines.append(f'  <set-backend-service backend-id="{route.backend}" />')
        if route.members:
            lines.append(f'  <set-variable name="pool" value="{route.deployment}" />')
            lines.append(f'  <set-variable name="retries" value="@({route.retries})" />')
        lines.append("</when>")
    return ("\n" + INDENT).join(lines)
