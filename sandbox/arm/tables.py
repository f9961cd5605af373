"""The tables of a workspace, each with its plan."""

import re

from sandbox import arm
from sandbox.arm.base import WORKSPACE, refuse
from sandbox.cloud import Cloud
from sandbox.http import Response
from sandbox.logs.store import COLUMNS

_TABLES = re.compile(rf"(/subscriptions/.+/providers/{WORKSPACE}/[^/]+)/tables", re.IGNORECASE)


def answer(cloud: Cloud, method: str, path: str) -> Response | None:
    """A workspace lists its tables, whose plan is Analytics until somebody chooses another.

    Here these are the tables that the sandbox knows, and nobody can choose. None of other paths.
    https://learn.microsoft.com/rest/api/loganalytics/tables/list-by-workspace
    https://learn.microsoft.com/azure/azure-monitor/logs/logs-table-plans
    """
    found = _TABLES.fullmatch(path)
    if found is None:
        return None
    if method != "GET":
        raise refuse("MethodNotAllowed", method=method)
    space = arm.get(cloud, found[1])
    plan = {"properties": {"plan": "Analytics"}}
    named = [{"id": f"{space.id}/tables/{name}", "name": name} for name in sorted(COLUMNS)]
    return Response.json(200, {"value": [one | plan for one in named]})
