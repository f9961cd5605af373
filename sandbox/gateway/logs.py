"""What the deployed diagnostics say of a call: rows of `ApiManagementGatewayLogs`, and metrics.

https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewaylogs
https://learn.microsoft.com/azure/api-management/gateway-log-schema-reference
"""

import json
import random
from datetime import timedelta
from urllib.parse import urlencode

from sandbox import clock
from sandbox.cloud import Cloud
from sandbox.gateway import llm_logs
from sandbox.gateway.call import Call, Json
from sandbox.gateway.routing import REVISION
from sandbox.http import Headers
from sandbox.logs import Telemetry
from sandbox.options import Options

PROTOCOL = "HTTP/1.1"
"""What the gateway speaks to callers and to backends, as its clients here do."""
ENTRY_BYTES = 32 * 1024
"""Largest log entry; one above it loses every body.

https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-log-entry-size-limit.md
"""


def record(
    cloud: Cloud, telemetry: Telemetry, sampler: random.Random, call: Call, seed: int
) -> None:
    """Emit a finished call's metric, and its rows if a diagnostic with a logger asks for them.

    https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update
    """
    resource, code = call.service.id, str(call.response.status)
    telemetry.metric(resource, "Requests", 1, {"GatewayResponseCode": code})
    settings = _diagnostic(cloud, call)
    always = settings.get("alwaysLog") == "allErrors" and code >= "400"
    percentage = (settings.get("sampling") or {}).get("percentage", 100)
    if settings and (sampler.random() * 100 < percentage or always):
        telemetry.emit(resource, "GatewayLogs", _row(call, settings))
        for row in llm_logs.rows(call, settings.get("largeLanguageModel") or {}, seed):
            telemetry.emit(resource, "GatewayLlmLogs", row)


def holds_back(cloud: Cloud, options: Options, call: Call) -> bool:
    """Whether a response waits until it is whole, as a body is logged.

    The page warns of logging the bodies of requests and responses alike; whether a logged request
    alone holds an answer back is told nowhere, so the option `held_back` decides.
    https://learn.microsoft.com/azure/api-management/how-to-server-sent-events

    Sure: inferred, as the page says "can cause unexpected buffering", and neither how long nor by
    which of the two.
    """
    settings = _diagnostic(cloud, call)
    messages = ("request", "response") if options.held_back == "any" else ("response",)
    logged = [
        (settings.get(side) or {}).get(message) or {}
        for side in ("frontend", "backend")
        for message in messages
    ]
    return any((one.get("body") or {}).get("bytes") for one in logged)


def _diagnostic(cloud: Cloud, call: Call) -> Json:
    """The API's own diagnostic, else the service's; empty if there is none, or no logger for it.

    Sure: inferred, as Microsoft's page has default settings log without bodies, and one third party
    says that nothing is logged.
    """
    own = call.api.id.partition(REVISION)[0] if call.api else ""
    scopes = [scope for scope in (own, call.service.id) if scope]
    found = [d for s in scopes if (d := cloud.get(f"{s}/diagnostics/azuremonitor"))]
    logger = str(found[0].properties.get("loggerId")).rsplit("/", 1)[-1] if found else ""
    return found[0].properties if cloud.get(f"{call.service.id}/loggers/{logger}") else {}


def _row(call: Call, settings: Json) -> Json:
    row: Json = {
        "TimeGenerated": call.started,
        "CorrelationId": call.id,
        "Method": call.request.method,
        "ApiId": call.api.name.partition(REVISION)[0] if call.api else "",
        "OperationId": call.operation.name if call.operation else "",
        "ProductId": call.product.name if call.product else "",
        "ApimSubscriptionId": call.subscription.name if call.subscription else "",
        "IsRequestSuccess": call.response.status // 100 in (2, 3),
        "TotalTime": (clock.utc() - call.started) // timedelta(milliseconds=1),
        "BackendTime": int(call.backend_seconds * 1000),
        "RequestSize": len(call.request.body),
        "ResponseSize": len(call.body),
        "ClientProtocol": PROTOCOL,
        "Cache": "none",
    }
    if call.sent:
        row |= {"BackendMethod": call.sent.method, "BackendProtocol": PROTOCOL}
    if call.member:
        row["BackendId"] = call.member.name
    if call.api:
        row["ApiRevision"] = str(call.api.properties.get("apiRevision") or "1")
    if settings.get("logClientIp"):
        row["CallerIpAddress"] = call.request.client_ip
    if call.failure:
        row |= call.failure.columns | {"LastErrorMessage": str(call.failure)}
    if call.left:
        row |= _left()
    if traces := _traces(call, settings):
        row["TraceRecords"] = traces
    row |= _exchange(call, "", settings.get("frontend") or {})
    row |= _exchange(call, "Backend", settings.get("backend") or {})
    if len(json.dumps(row, ensure_ascii=False, default=str).encode()) > ENTRY_BYTES:
        return {name: value for name, value in row.items() if not name.endswith("Body")}
    return row


LEVELS = ("verbose", "information", "error")
"""Severities of a record, and verbosities of a diagnostic, from the lowest to the highest.

https://learn.microsoft.com/azure/api-management/trace-policy
"""


def _traces(call: Call, settings: Json) -> list[Json]:
    """Return the records that are as severe as the diagnostic's verbosity, or more.

    https://learn.microsoft.com/azure/api-management/trace-policy
    https://github.com/Azure-Samples/AI-Gateway/tree/main/labs/ghcp-byok-foundry (the column)
    Sure: inferred, as the page says that a property is added, and public queries read `source`,
    `message` and `metadata` of each item.
    """
    least = LEVELS.index(settings.get("verbosity") or "information")
    return [
        {name: value for name, value in one.items() if name != "severity"}
        for one in call.traces
        if LEVELS.index(one["severity"]) >= least
    ]


def _left() -> Json:
    """Columns of a call whose caller hung up while the response came; its code is what was sent.

    https://stackoverflow.com/questions/58006974 (source, reason and message)

    Sure: inferred, as no page shows such a row, and other gateways write 499 for the code.
    """
    return {
        "IsRequestSuccess": False,
        "LastErrorSource": "transfer-response",
        "LastErrorReason": "ClientConnectionFailure",
        "LastErrorMessage": "A task was canceled.",
    }


def _exchange(call: Call, side: str, asked: Json) -> Json:
    """Return URL, code, headers and bodies of one side, as far as the diagnostic asks for them."""
    request, response = (call.sent, call.reply) if side else (call.request, call.response)
    wanted, row = asked.get("request") or {}, Json()
    if request:
        query = urlencode(_masked(request.query, wanted, "queryParams"), safe="*")
        row[f"{side}Url"] = f"https://{request.host}{request.path}?{query}".rstrip("?")
        row |= _message(f"{side}Request", request.headers, request.body, wanted)
    if response:
        wanted = asked.get("response") or {}
        row[f"{side}ResponseCode"] = response.status
        row |= _message(f"{side}Response", response.headers, call.body, wanted)
    return row


def _message(name: str, headers: Headers, body: bytes | bytearray, wanted: Json) -> Json:
    """Listed headers, and the declared number of bytes less a character that they cut.

    Sure: inferred, as the page does not say how a character is cut, nor what the size counts.
    """
    size = (wanted.get("body") or {}).get("bytes") or 0
    listed = {header: headers.get(header) for header in wanted.get("headers") or []}
    shown = _masked([pair for pair in listed.items() if pair[1]], wanted, "headers")
    text = {f"{name}Body": body[:size].decode(errors="ignore")} if size else {}
    return {f"{name}Headers": dict(shown), **text}


def _masked(pairs: list[tuple[str, str]], wanted: Json, kind: str) -> list[tuple[str, str]]:
    """Leave out the pairs that are to be hidden, and put stars for those to be masked."""
    entries = (wanted.get("dataMasking") or {}).get(kind) or []
    modes = {str(entry["value"]).lower(): entry["mode"] for entry in entries}
    shown = [(name, value) for name, value in pairs if modes.get(name.lower()) != "Hide"]
    return [(name, "*****" if name.lower() in modes else value) for name, value in shown]
