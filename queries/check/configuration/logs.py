"""The API's own diagnostic: what the gateway logs of each call, and where to."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import Comparison, Deployed, properties
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


COMPARISONS = (Comparison(("diagnostic",), logs),)
