"""What an account reports of each call: one row without text or tokens, and metrics."""

import json
import re
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.cloud import Resource
from sandbox.http import Request
from sandbox.logs import Telemetry

EPOCH_TICKS = 621_355_968_000_000_000
"""1970-01-01 in .NET ticks, of which a second has ten million."""


@dataclass
class Call:
    """One call to an account, as far as it got."""

    request: Request
    account: Resource
    started: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    operation: str = ""
    api_version: str = ""
    object_id: str = ""
    deployment: str = ""
    model: str = ""
    version: str = ""
    stream: bool = False


def report(
    telemetry: Telemetry, call: Call, status: int, length: int, tokens: tuple[int, int]
) -> None:
    """Log a call at its end, whatever its status.

    https://github.com/elastic/integrations/tree/main/packages/azure_openai/data_stream/logs
    https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics
    """
    ended, account = time.time(), call.account
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
        "ResultSignature": str(status), "event_s": "ShoeboxCallResult",
        "location_s": region, "Tenant_s": region, "properties_s": json.dumps(more),
    }  # fmt: skip
    telemetry.emit(account.id, "RequestResponse", row)
    telemetry.metric(account.id, "AzureOpenAIRequests", 1)
    if sum(tokens):
        telemetry.metric(account.id, "ProcessedPromptTokens", tokens[0])
        telemetry.metric(account.id, "GeneratedTokens", tokens[1])
        telemetry.metric(account.id, "TokenTransaction", sum(tokens))
