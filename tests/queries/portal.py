"""A workbook's query as the portal sends it: parameters filled in as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from tests.queries.database import NOW

START, END = NOW - timedelta(days=1), NOW + timedelta(minutes=5)


def moment(time: datetime) -> str:
    """A time as the portal writes it into KQL."""
    return f"datetime({time:%Y-%m-%dT%H:%M:%S.%f}Z)"


def fill(
    query: str,
    *,
    consumers: tuple[str, ...] = ("*",),
    deployments: tuple[str, ...] = ("*",),
    call: str = "",
    account: str = "*",
) -> str:
    """Fill in every `{parameter}`; one that the workbook does not have is a KeyError.

    https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-parameters
    """
    values: Mapping[str, str] = {
        "TimeRange:start": moment(START),
        "TimeRange:end": moment(END),
        "TimeRange:grain": "1h",
        "Consumer": ",".join(f'"{name}"' for name in consumers),
        "Deployment": ",".join(f'"{name}"' for name in deployments),
        "Call": call,
        "Account": account,
    }
    return re.sub(r"\{([A-Z]\w*(?::\w+)?)\}", lambda found: values[found[1]], query)
