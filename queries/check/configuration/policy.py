"""The API's policy: whose token it sends, where to, and what it takes away first."""

from __future__ import annotations

from collections.abc import Iterator

from policies.gateway.reader import Element, parse
from queries.check.configuration.base import (
    Comparison,
    Deployed,
    differs,
    missing,
    properties,
)
from queries.check.difference import REFRESH, Difference
from queries.outputs import Target

POLICY = "the API's policy"
IN_PORTAL = "portal: API > Design > Inbound processing; " + REFRESH
REMOVED = ("api-key", "Authorization")


def present(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the API has a policy of its own, which can be read as XML."""
    if deployed["policy"] is None:
        yield missing(POLICY, "sends the gateway's token to the account", IN_PORTAL)
    elif _inbound(deployed) is None:
        path = f"the inbound section of {POLICY}"
        yield Difference(path=path, declared="XML", deployed="something else", fix=IN_PORTAL)


def audience(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the gateway's identity asks a token for the account's service."""
    inbound = _inbound(deployed)
    if inbound is None:
        return
    found = inbound.first("authentication-managed-identity")
    path = f"audience (authentication-managed-identity) of {POLICY}"
    if found is None:
        yield missing(path, target.audience, IN_PORTAL)
    else:
        sent = found.attributes.get("resource", "").rstrip("/")
        yield from differs(path, target.audience, sent, IN_PORTAL)


def backend(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Calls go to the account's endpoint; `routes` judges where those of several go."""
    inbound = _inbound(deployed)
    if inbound is None or target.accounts:
        return
    found = inbound.first("set-backend-service")
    url = found.attributes.get("base-url", "") if found else ""
    serves = properties(deployed["api"]).get("serviceUrl") if found is None else url
    yield from differs(f"backend URL of {POLICY}", target.account.backend_url, serves, IN_PORTAL)


def removed(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the caller's key and token do not reach the account."""
    inbound = _inbound(deployed)
    if inbound is None:
        return
    deletes = {
        one.attributes.get("name", "").lower()
        for one in inbound.all("set-header")
        if one.attributes.get("exists-action") == "delete"
    }
    for name in REMOVED:
        if name.lower() not in deletes:
            path = f"header {name} in {POLICY}"
            yield from differs(path, "deleted", "sent on to the account", IN_PORTAL)


def accounting(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the policy tells an answer's tokens in the response header that is logged."""
    name, document = target.accounting_header, _document(deployed)
    if not name or document is None:
        return
    outbound = document.first("outbound")
    headers = outbound.all("set-header") if outbound else ()
    if name not in {one.attributes.get("name", "").lower() for one in headers}:
        yield missing(f"header {name} in {POLICY}", "set in the outbound section", IN_PORTAL)


def _document(deployed: Deployed) -> Element | None:
    return parse(str(properties(deployed["policy"]).get("value") or ""))


def _inbound(deployed: Deployed) -> Element | None:
    document = _document(deployed)
    return document.first("inbound") if document else None


COMPARISONS = (
    *(Comparison(("policy",), one) for one in (present, audience, removed, accounting)),
    Comparison(("policy", "api"), backend),
)
