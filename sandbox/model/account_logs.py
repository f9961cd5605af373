"""Report each call as its account does: one row without text or tokens, and metrics."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox import clock
from sandbox.cloud import Resource
from sandbox.http import Request
from sandbox.logs import Telemetry
from sandbox.model.answers import Answer

EPOCH_TICKS = 621_355_968_000_000_000
"""1970-01-01 in .NET ticks, of which a second has ten million."""


@dataclass
class Call:
    """One call to an account, as far as it got."""

    request: Request
    account: Resource
    started: float = field(default_factory=clock.now)
    id: str = field(default_factory=clock.guid)
    operation: str = ""
    api_version: str = ""
    object_id: str = ""
    deployment: str = ""
    model: str = ""
    version: str = ""
    stream: bool = False
    answered: float = 0.0


def report(telemetry: Telemetry, call: Call, answer: Answer, length: int) -> None:
    """Log a call at its end, whatever its status.

    https://github.com/elastic/integrations/tree/main/packages/azure_openai/data_stream/logs
    https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics

    Sure: inferred, as the shape is Elastic's fixtures', and that every call has a row is not
    documented.
    """
    ended, account = clock.now(), call.account
    region = str(account.body.get("location", ""))
    more = {
        "apiName": f"Azure OpenAI API version {call.api_version}", "objectId": call.object_id,
        "requestTime": int(call.started * 1e7) + EPOCH_TICKS,
        "responseTime": int(ended * 1e7) + EPOCH_TICKS,
        "requestLength": len(call.request.body), "responseLength": length,
    }  # fmt: skip
    if call.deployment:
        more["streamType"] = "Streaming" if call.stream else "Non-Streaming"
        more["modelDeploymentName"] = call.deployment
        more |= {"modelName": call.model, "modelVersion": call.version}
    row = {
        "TimeGenerated": datetime.fromtimestamp(call.started, UTC), "CorrelationId": call.id,
        "OperationName": call.operation, "DurationMs": int((ended - call.started) * 1000),
        "CallerIPAddress": re.sub(r"[^.:]+$", "***", call.request.client_ip),
        "ResultSignature": str(answer.status), "event_s": "ShoeboxCallResult",
        "location_s": region, "Tenant_s": region, "properties_s": json.dumps(more),
    }  # fmt: skip
    telemetry.emit(account.id, "RequestResponse", row)
    for name, value in _metrics(call, answer, ended).items():
        telemetry.metric(account.id, name, value)


def _metrics(call: Call, answer: Answer, ended: float) -> dict[str, float]:
    """Requests, verdicts of content filters, tokens, and milliseconds.

    https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics

    Sure: inferred, as the page describes the metrics, and not that a stopped call counts once in
    each, nor that of embeddings, which generate no tokens, nothing is emitted instead of 0.
    """
    (prompt, completion), values = answer.tokens, {"AzureOpenAIRequests": 1.0}
    if completion or answer.stopped:
        values["RAITotalRequests"] = 1
    if answer.stopped:
        values |= {"RAIHarmfulRequests": 1, "RAIRejectedRequests": 1}
    if prompt + completion:
        values |= {"ProcessedPromptTokens": prompt, "TokenTransaction": prompt + completion}
    if completion:
        values["GeneratedTokens"] = completion
        first, rest = call.answered - call.started, ended - call.answered
        values["AzureOpenAITTLTInMS"] = 1000 * (first + rest)
        if call.stream:
            values["AzureOpenAITimeToResponse"] = 1000 * first
            values["AzureOpenAINormalizedTTFTInMS"] = 1000 * first / prompt
            values["AzureOpenAINormalizedTBTInMS"] = 1000 * rest / completion
    return values
