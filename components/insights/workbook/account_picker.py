"""The workbook's field for an account, of a stack that has several, and what queries read of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from components.insights.workbook.items import Item
from queries import library
from queries.library import Expression, Value

PARAMETER = "Account"
EVERY = "*"
"""The field's value while no account is chosen."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An account, as the workbook knows it."""

    id: str
    """ARM id."""
    label: str = ""
    """Its short name in the stack file; "" for the only account."""
    backend_url: str = ""

    @property
    def host(self) -> str:
        """Return the host at which it answers, as the gateway's log has it."""
        return urlsplit(self.backend_url).hostname or ""


def field(accounts: Sequence[Listed]) -> list[Item]:
    """Return the field, with a fixed list to choose from; nothing where there is no choice.

    https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-dropdowns
    """
    if not accounts[1:]:
        return []
    listed = [{"value": EVERY, "label": "All"}]
    listed += [{"value": one.label, "label": one.label} for one in accounts]
    return [
        {
            "id": PARAMETER.lower(),
            "version": "KqlParameterItem/1.0",
            "name": PARAMETER,
            "label": PARAMETER,
            "type": 2,
            "isRequired": True,
            "typeSettings": {"additionalResourceOptions": [], "showDefault": False},
            "jsonData": json.dumps(listed),
            "value": EVERY,
        }
    ]


def chosen(accounts: Sequence[Listed], figures: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the figures, of which those that tell an account follow the field."""
    if not accounts[1:]:
        return figures
    of_all = library.literal(figures[library.ACCOUNT])
    hosts = _case({one.label: one.host for one in accounts}, '""')
    # A list that rows are compared with is a literal, or one value of a table.
    # https://learn.microsoft.com/kusto/query/in-operator
    ids = f"toscalar(print {_case({one.label: [one.id] for one in accounts}, of_all)})"
    follow: dict[str, Value] = {
        library.BACKEND: Expression(hosts),
        library.ACCOUNT: Expression(ids, many=True),
    }
    return {**figures, **follow}


def _case(values: Mapping[str, Value], otherwise: str) -> str:
    """Write KQL that gives the value of the chosen label, or else that of all."""
    cases = (f'"{{{PARAMETER}}}" == "{one}", {library.literal(v)}' for one, v in values.items())
    return f"case({', '.join(cases)}, {otherwise})"
