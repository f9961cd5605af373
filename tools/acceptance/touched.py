"""Which beliefs of the sandbox stand behind a fact of a life."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.arm import _RULES
from sandbox.arm.base import AZURE
from sandbox.engine.shapes import SHAPES

PROOFS = {
    "call": ("model.face.model_face", "gateway.routing.match"),
    "prompt": ("gateway.logs.record",),
    "completion": ("gateway.logs.record",),
    "caller": ("gateway.routing.authorize",),
    "operation": ("gateway.routing.match", "arm.apis._operations"),
    "tokens": ("gateway.llm_logs._head",),
    "messages": ("gateway.llm_logs.rows",),
    "long": ("gateway.llm_logs._chunks", "gateway.logs._message", "gateway.logs.ENTRY_BYTES"),
    "streams": ("gateway.logs.holds_back", "gateway.policy.Policies.forward"),
    "no-content": ("gateway.logs.record",),
    "sampling": ("gateway.logs.record",),
    "refused": ("gateway.routing.authorize",),
    "error": ("gateway.logs.record", "model.face.model_face"),
    "no-secrets": ("gateway.logs.record",),
    "account": ("model.account_logs.report",),
    "audit": ("arm.monitor.diagnostic_setting", "arm.azure.logs"),
    "declared": ("arm.face.arm_face",),
    "gateway-metrics": ("logs.routing.Telemetry.metric",),
    "account-metrics": ("logs.routing.Telemetry.metric", "model.account_logs._metrics"),
    "queries": ("logs.kql._check_names", "logs.store.Workspaces.query"),
}
"""What has to be so for a proof of the check to be seen."""
COLUMNS = {
    "ApiManagementGatewayLogs": ("gateway.logs.record",),
    "ApiManagementGatewayLlmLog": ("gateway.llm_logs.rows", "gateway.llm_logs._head"),
    "AzureDiagnostics": ("model.account_logs.report", "logs.routing.Telemetry.emit"),
}
REFUSALS = {
    "no token": ("AuthenticationFailed",),
    "no api-version": ("MissingApiVersionParameter",),
    "missing account": ("ResourceNotFound",),
    "missing group": ("ResourceGroupNotFound",),
    "missing parent": ("ParentResourceNotFound",),
    "unknown model": ("DeploymentModelNotSupported",),
    "unknown role": ("RoleDefinitionDoesNotExist",),
    "unknown log category": ("BadRequest",),
    "unknown policy statement": ("ValidationError",),
    "unknown logger": ("ValidationError",),
    "long short name": ("GroupShortNameIsTooLong",),
    "unknown metric": ("MetricNotFound",),
}
"""The sandbox's refusals of the requests of `refusals`; a check of existence is the provider's."""
OPERATIONS = {"update": "update", "delete": "delete", "refresh": "read"}


def behind(step: str, fact: str, *values: str) -> list[str]:
    """Ids of the beliefs that a fact rests on, of which one is wrong if the fact is not so.

    `values` are what the sides say: a refusal is found by its code too.
    """
    found = [*_of(step, fact)]
    codes = {word for value in values for word in re.findall(r"\w+", value)}
    found += [f"arm.azure.refusals.{code}" for code in sorted(codes & AZURE["refusals"].keys())]
    return list(dict.fromkeys(found))


def _of(step: str, fact: str) -> Iterator[str]:
    kind, _, rest = fact.partition(" ")
    what = rest.partition(" ")[0]
    if kind in ("kept", "purge", "recover") or fact == "delete group":
        yield "arm.azure.kept_hours"
        yield "arm.monitor.workspace" if "workspace" in rest else "arm.subscription._deleted"
    elif kind == "proof":
        yield from PROOFS.get(rest, ())
    elif kind == "columns":
        table = rest.removeprefix("of ")
        yield f"logs.tables.{table}.columns"
        yield from COLUMNS[table]
    elif kind == "metric":
        yield "logs.routing.Telemetry.metric"
        yield "model.account_logs._metrics"
    elif kind == "refusal":
        yield from (f"arm.azure.refusals.{code}" for code in REFUSALS.get(rest, ()))
        if rest == "generic existence check":
            yield "engine.azure.AzureNative.create"
    elif what.startswith("azure-native"):
        yield from _of_resource(step, kind, what)
    elif kind == "policy":
        yield "engine.azure.AzureNative.check"
    elif fact == "chat model":
        yield from ("arm.subscription._models", "arm.subscription._usages")


def _of_resource(step: str, op: str, token: str) -> Iterator[str]:
    """The shape of a type, Azure's rules of it, and what the provider makes of it."""
    name = token.partition(":")[2]
    if name in SHAPES:
        yield f"engine.shapes.{name}"
        rule = _RULES.get(_arm_type(SHAPES[name].path))
        if rule and rule.__name__ != "<lambda>":
            yield f"{rule.__module__.removeprefix('sandbox.')}.{rule.__name__}"
    if step in ("preview again", "refresh"):
        yield from ("engine.diff.detailed", "engine.diff.drifted", "engine.azure.AzureNative.read")
    if op in OPERATIONS or op in ("create", "error"):
        yield f"engine.azure.AzureNative.{OPERATIONS.get(op, 'create')}"


def _arm_type(path: str) -> str:
    """`Microsoft.X/a/b` of a path with names in braces between its parts."""
    _, _, rest = path.rpartition("/providers/")
    provider, *parts = rest.split("/") if rest else ["Microsoft.Resources", "resourceGroups"]
    return "/".join([provider, *parts[::2]])
