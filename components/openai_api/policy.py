"""The gateway's policy document for the API: read from `policies/gateway`, filled in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from xml.sax.saxutils import escape

from components.openai_api.routing import TRIP_SECONDS, Route, Routing
from components.openai_api.token_callers import TokenCallers
from components.settings import policy_document
from components.settings.plan_branches import INDENT
from queries.contract import CHECK_HEADER, NEXT_ACCOUNT

KEY_HEADER = "api-key"
"""Header in which the OpenAI client libraries for Azure send their key."""

KEY_QUERY_PARAMETER = "subscription-key"
"""Query parameter that may carry the key instead of the header; the policy deletes both."""

CALLED = "called-deployment"
"""Fragment that reads which deployment a call names, and the variable that it sets."""
ASKED = frozenset({"key-used"})
"""Fragments that a policy has only where the stack file asks for what they serve."""
QUOTES = {'"': "&quot;"}
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
    without: Collection[str] = ASKED,
    routing: Routing | None = None,
    callers: TokenCallers | None = None,
    plans: Sequence[str] = (),
) -> str:
    """Render the policy that calls `backend_url` with the gateway's own token for `audience`.

    The gateway waits `timeout` seconds for an answer to begin, and reads no body that is too long
    for its `tier`. Fragments in `without` are left out.
    `plans` are the lines that refuse consumers whose last day is over, or what is more than theirs.
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
            "checks": checks(routing),
            "routes": _routes(routing),
            "backend": routing.default,
            "tripSeconds": TRIP_SECONDS,
        }
    values["plans"] = ("\n" + INDENT).join(plans)
    off = {"plans": not plans}
    off[CALLED] = not routing and not any(CALLED in line for line in plans)
    left_out = frozenset([*without, *(name for name, is_off in off.items() if is_off)])
    document = policy_document.template(left_out, several=bool(routing), tokens=callers is not None)
    return document.substitute(values)


def _routes(routing: Routing) -> str:
    """Write a branch for each deployment's name: its pool, or the account that has it alone."""
    lines = list[str]()
    called = f'context.Variables.GetValueOrDefault<string>("{CALLED}", "")'
    for route in routing.routes:
        lines.append(f'<when condition="@({called} == "{route.deployment}")">')
        lines.append(f'  <set-backend-service backend-id="{route.backend}" />')
        lines += _pool_variables(route)
        lines.append("</when>")
    return ("\n" + INDENT).join(lines)


def checks(routing: Routing) -> str:
    """Write the branches of the check's own calls: who may not make them, and whom they meet.

    `context.Tracing` tells whether the caller has sent a token that the gateway's own management
    API gave for this API, for an hour at most, to somebody who may change the gateway.
    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ContextVariables
    """
    if not (failover_check := routing.failover_check):
        return ""
    asked = f'context.Request.Headers.GetValueOrDefault("{CHECK_HEADER}", "")'
    message = f"{CHECK_HEADER} is for the check alone, with a token for tracing."
    answer = f'{{"error":{{"code":"FailoverCheckNotAllowed","message":"{message}"}}}}'
    lines = [
        f'<when condition="@({asked} != "" && !context.Tracing)">',
        "  <return-response>",
        '    <set-status code="403" reason="Forbidden" />',
        '    <set-header name="Content-Type" exists-action="override">',
        "      <value>application/json</value>",
        "    </set-header>",
        f"    <set-body>{answer}</set-body>",
        "  </return-response>",
        "</when>",
    ]
    ways = {name: (backend, list[str]()) for name, backend in failover_check.named.items()}
    route = failover_check.route
    ways[NEXT_ACCOUNT] = (route.backend, _pool_variables(route))
    for name, (backend, variables) in ways.items():
        lines.append(f'<when condition="@({asked} == "{name}")">')
        lines.append(f'  <set-backend-service backend-id="{backend}" />')
        lines += [*variables, "</when>"]
    return "".join(f"{line}\n{INDENT}" for line in lines)


def _pool_variables(route: Route) -> list[str]:
    """Write what the policy must know of a pool; nothing where one account has the deployment."""
    if not route.members:
        return []
    return [
        f'  <set-variable name="pool" value="{route.deployment}" />',
        f'  <set-variable name="retries" value="@({route.retries})" />',
    ]
