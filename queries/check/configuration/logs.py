"""The API's own diagnostic: what the gateway logs of each call, and where to."""

from __future__ import annotations

from collections.abc import Iterator

from policies.gateway.reader import parse
from queries.check.configuration.base import Comparison, Deployed, inside, missing, properties
from queries.check.configuration.versions import LOGGER
from queries.check.difference import REFRESH, Difference
from queries.check.gateway.logged import IN_PORTAL, unlogged
from queries.check.gateway.model import Api, Scope
from queries.outputs import Target


def logs(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand what every API that leads to the account must log, by the outputs alone.

    `drift` compares the whole diagnostic with the state, into which a refresh takes an edit.
    """
    keys = {"subscriptionKeyParameterNames": {"header": target.subscription_key_header}}
    diagnostic = properties(deployed["diagnostic"]) or None
    api = Api(name=target.api_id, properties=keys, diagnostic=diagnostic)
    scope = Scope(loggers={LOGGER: {"loggerType": "azureMonitor"}})
    fix = f"{IN_PORTAL} > {target.api_id} > Settings > Azure Monitor; {REFRESH}"
    yield from unlogged(api, scope, "the stack's API", fix, target)


def told(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the log holds the header in which the policy tells tokens of an answer."""
    header, diagnostic = target.accounting_header, properties(deployed["diagnostic"])
    logged = inside(diagnostic, "frontend", "response", "headers") or []
    if header and diagnostic and header.lower() not in {str(one).lower() for one in logged}:
        path = f"{header} among the headers that the stack's API logs of responses"
        yield missing(path, header, f"{IN_PORTAL} > {target.api_id}; {REFRESH}")


def tells(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the policy writes that header: where no body is logged, nothing else tells.

    Raises:
        ValueError: the policy is no XML.
    """
    header, policy = target.accounting_header.lower(), properties(deployed["policy"])
    if not header or not policy:
        return
    document = parse(str(policy.get("value") or ""))
    if document is None:
        raise ValueError("the policy is no XML")
    written = (
        one.attributes.get("name", "").lower()
        for section in document.all("outbound")
        for one in section.all("set-header")
        if one.attributes.get("exists-action") != "delete"
    )
    if header not in written:
        path = f"set-header {target.accounting_header} in outbound of the API's policy"
        yield missing(path, target.accounting_header, REFRESH)


COMPARISONS = (
    Comparison(("diagnostic",), logs),
    Comparison(("diagnostic",), told),
    Comparison(("policy",), tells),
)
