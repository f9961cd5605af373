"""The query endpoint, https://api.loganalytics.io, as its clients call it.

https://learn.microsoft.com/azure/azure-monitor/logs/api/request-format
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from sandbox.cloud import DEPLOYER_OBJECT_ID, Cloud
from sandbox.errors import NotModelledError
from sandbox.http import Endpoint, Request, Response
from sandbox.identity import authenticate
from sandbox.logs.facts import FACTS, QueryError
from sandbox.logs.store import Span, Workspaces
from sandbox.options import Options

AUDIENCE = "https://api.loganalytics.io"
_TIME: TypeAdapter[datetime] = TypeAdapter(datetime)
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)


def logs_endpoint(cloud: Cloud, workspaces: Workspaces, options: Options) -> Endpoint:  # noqa: ARG001
    """Only the deployer may read from api.loganalytics.io.

    https://learn.microsoft.com/azure/azure-monitor/logs/api/request-format
    """

    def answer(request: Request) -> Response:
        try:
            who = authenticate(cloud, request.headers.get("Authorization"), AUDIENCE)
            if isinstance(who, str) or who.object_id != DEPLOYER_OBJECT_ID:
                return _refusal(who if isinstance(who, str) else "InsufficientAccessError")
            return _answer(cloud, workspaces, request)
        except QueryError as error:
            return _refusal("BadArgumentError", *error.args)
        except NotModelledError as error:
            return _refusal("NotModelledError", ("NotModelledError", str(error)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _refusal("BadArgumentError", ("InvalidRequest", str(error)))

    return answer


def _answer(cloud: Cloud, workspaces: Workspaces, request: Request) -> Response:
    """Answer one query; no `Prefer` of the clients would change the answer."""
    path = re.fullmatch(r"/v1/workspaces/([^/]+)/query", request.path)
    if path is None or request.method not in {"GET", "POST"}:
        return _refusal("PathNotFoundError")
    live = cloud.of_type("Microsoft.OperationalInsights/workspaces")
    if path[1].lower() not in {str(w.properties["customerId"]).lower() for w in live}:
        return _refusal("WorkspaceNotFoundError")
    asked = dict(request.query) if request.method == "GET" else json.loads(request.body)
    if asked.get("workspaces"):
        raise NotModelledError("a query over several workspaces")
    table = workspaces.query(path[1], str(asked["query"]), _span(asked.get("timespan") or ""))
    warnings = table.pop("warnings")
    return Response.json(200, {"tables": [table]} | _warned(warnings))


def _warned(messages: list[str]) -> dict[str, Any]:
    """Warnings make an answer partial, with this error.

    https://github.com/Azure/azure-sdk-for-python/issues/25137
    """
    inner = {"code": "-2133196790", "severity": 3, "severityName": "Warning"}
    outer = {"code": "EngineError", "message": FACTS["engine error"]}
    details = [outer | {"innererror": inner | {"message": text}} for text in messages]
    error = {"code": "PartialError", "message": FACTS["partial error"], "details": details}
    return {"error": error} if messages else {}


def _refusal(code: str, *inner: tuple[str, str]) -> Response:
    """Write an error and its inner errors, outermost first."""
    status, message = FACTS["refusals"][code]
    body: dict[str, Any] = {}
    for name, text in reversed(((code, message), *inner)):
        body = {"code": name, "message": text, **({"innererror": body} if body else {})}
    return Response.json(status, {"error": body})


def _span(text: str) -> Span | None:
    """Read a `timespan`: a duration up to now, or start/end, or start/duration."""
    first, _, second = text.partition("/")
    if not second:
        now = datetime.now(UTC)
        return (now - _DURATION.validate_python(first), now) if first else None
    start = _TIME.validate_python(first)
    if second.startswith("P"):
        return start, start + _DURATION.validate_python(second)
    return start, _TIME.validate_python(second)
