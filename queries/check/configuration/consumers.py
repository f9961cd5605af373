"""The consumers' subscriptions, which must be active."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import Comparison, Deployed, differs, missing, properties
from queries.check.difference import REFRESH, Difference
from queries.outputs import Target


def consumers(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that every consumer is active, not only the one that the check calls as."""
    for name, found in deployed["consumers"].items():
        path = f"subscription of the consumer {name}"
        if found is None:
            yield missing(path, "active")
        else:
            fix = f"portal: API Management > Subscriptions > {name} > Activate; {REFRESH}"
            yield from differs(path, "active", properties(found).get("state"), fix)


COMPARISONS = (Comparison(("consumers",), consumers),)
