"""The gateway's policy document for the API: read from `policies/gateway`, filled in."""

from __future__ import annotations

from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

KEY_HEADER = "api-key"
"""Header in which the OpenAI client libraries for Azure send their key."""

KEY_QUERY_PARAMETER = "subscription-key"
"""Query parameter that may stand for the header: the policy deletes both."""

POLICY = Path(__file__).resolve().parent.parent / "policies" / "gateway" / "azure-openai.xml"


def render(*, audience: str, backend_url: str) -> str:
    """The policy that calls `backend_url` with the gateway's own token for `audience`.

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
        audience=escape(audience, quotes), backendUrl=escape(backend_url, quotes)
    )
