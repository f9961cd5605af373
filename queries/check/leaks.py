"""Keys and tokens in rows, wherever they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from queries.check.fields import BODIES
from queries.check.masked import without
from queries.check.traffic import OthersTraffic, Traffic
from queries.outputs import Target
from queries.workspace import Row

TOKEN = re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}|Bearer\s+ey[\w-]{8,}", re.IGNORECASE)
"""A JSON Web Token as it is sent: https://www.rfc-editor.org/rfc/rfc7519#section-3.1"""
CONTENT = {*BODIES, "RequestMessages", "ResponseMessages"}
"""Columns in which callers' own words stand."""


def found(target: Target, traffic: Traffic, table: str, rows: Iterable[Row]) -> frozenset[str]:
    """Name each column of a table that holds a secret, and the kind of secret.

    What others wrote in their prompts is their own affair.
    """
    left_out = CONTENT if isinstance(traffic, OthersTraffic) else set[str]()
    keys = _keys(target, traffic)
    return frozenset(
        f"{table}.{column} holds {what}"
        for row in rows
        for column, value in row.items()
        if column not in left_out and (what := secret_in(value, keys))
    )


def secret_in(value: object, keys: Iterable[str]) -> str:
    """Name the kind of secret that a column holds; "" for none."""
    if not isinstance(value, (str, dict, list)):
        return ""
    said = value if isinstance(value, str) else json.dumps(value)
    if any(key in said for key in keys):
        return "the caller's key"
    return "a bearer token" if TOKEN.search(said) else ""


def hidden(target: Target, traffic: Traffic, said: str) -> str:
    """Return a text without the secrets that a row may hold."""
    for key in _keys(target, traffic):
        said = without(said, key)
    return TOKEN.sub("***", said)


def _keys(target: Target, traffic: Traffic) -> list[str]:
    """Return the keys that calls were made with, and the wrong ones of the attempts."""
    sent = [consumer.key for consumer in target.callers]
    if not isinstance(traffic, OthersTraffic):
        sent += [attempt.key for attempt in traffic.attempts]
    return [value for key in sent if (value := key.get_secret_value())]
