"""The gateway's policy document for the API: read from `policies/gateway`, filled in."""

from __future__ import annotations

from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

KEY_HEADER = "api-key"
"""Header in which the OpenAI client libraries for Azure send their key."""

KEY_QUERY_PARAMETER = "subscription-key"
"""Query parameter that may stand for the header: the policy deletes both."""

ACCOUNTING_HEADER = "x-gateway-accounting"
"""Response header in which the policy tells what logs need of an answer whose body they lack.

Of each answer that is JSON, and so comes whole: model, `usage`, why it ended, and the code of an
error, with a filter's verdicts where one stopped it; no text. It is JSON without quotes, as it is
not documented how the gateway log writes a header's value. Callers see it too.
"""

POLICY = Path(__file__).resolve().parents[2] / "policies" / "gateway" / "azure-openai.xml"
"""Its backend section stands in place of the gateway's own, which would send each call once more.

https://learn.microsoft.com/azure/api-management/forward-request-policy
The outbound section reads no stream, as that would hold it back. `Accept-Encoding` goes, so that
what it reads is not compressed.
https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
"""


def render(*, audience: str, backend_url: str, timeout: int) -> str:
    """The policy that calls `backend_url` with the gateway's own token for `audience`.

    It waits `timeout` seconds for an answer to begin.

    Raises:
        ValueError: `backend_url` has no scheme, has it twice, or holds an empty path segment.
    """
    host_and_path = backend_url.removeprefix("https://")
    if host_and_path == backend_url or "//" in host_and_path or host_and_path.endswith("/"):
        raise ValueError(
            f"backend URL {backend_url!r}: allowed is https://<host>/<path>, no // in the path "
            "and no / at the end"
        )
    quotes = {'"': "&quot;"}
    return Template(POLICY.read_text(encoding="utf-8")).substitute(
        audience=escape(audience, quotes),
        backendUrl=escape(backend_url, quotes),
        timeout=timeout,
        accountingHeader=ACCOUNTING_HEADER,
    )
