"""Find the beliefs of the sandbox that stand behind a fact of a life."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.arm import _RULES
from sandbox.arm.base import AZURE
from sandbox.engine.shapes import SHAPES

PROOFS = {
    "call": ("model.endpoint.model_endpoint", "gateway.routing.match"),
    "prompt": ("gateway.logs.record",),
    "completion": ("gateway.logs.record",),
    "caller": ("gateway.routing.authorize",),
    "consumers": ("gateway.routing.authorize",),
    "operation": ("gateway.routing.match", "arm.apis._operations"),
    "tokens": ("gateway.llm_logs._head",),
    "messages": ("gateway.llm_logs.rows",),
    "whole": ("gateway.logs.record", "gateway.llm_logs.rows", "model.account_logs.report"),
    "long": ("gateway.llm_logs._chunks", "gateway.logs._message", "gateway.logs.ENTRY_BYTES"),
    "careless": ("model.endpoint.model_endpoint", "gateway.policy.Policies.forward"),
    "streams": ("gateway.logs.holds_back", "gateway.policy.Policies.forward"),
    "no-content": ("gateway.logs.record",),
    "sampling": ("gateway.logs.record",),
    "refused": ("gateway.routing.authorize",),
    "apart": ("gateway.policy.Policies.return_response",),
    "error": ("gateway.logs.record", "model.endpoint.model_endpoint"),
    "no-secrets": ("gateway.logs.record",),
    "account": ("model.account_logs.report",),
    "audit": ("arm.monitor.diagnostic_setting", "arm.azure.logs"),
    "declared": ("arm.endpoint.arm_endpoint",),
    "limits": ("gateway.limits.limit_tokens", "gateway.logs.record"),
    "copies": ("logs.copies.record", "logs.copies.Copies.store"),
    "expires": ("gateway.policy.Policies.return_response",),
    "account-closed": ("model.access.caller",),
    "gateway-closed": ("arm.network.check_closes",),
    "accounts": ("gateway.logs.record", "gateway.policy.Policies.forward"),
    "drift": ("arm.endpoint.arm_endpoint", "arm.answers.answered"),
    "routes": ("arm.endpoint.arm_endpoint",),
    "access": ("arm.endpoint.arm_endpoint",),
    "gateway-metrics": ("logs.routing.Telemetry.metric",),
    "account-metrics": ("logs.routing.Telemetry.metric", "model.account_logs._metrics"),
    "reconciled": ("logs.routing.Telemetry.metric",),
    "queries": ("logs.kql._check_names", "logs.store.Workspaces.query"),
}
"""Beliefs that must be true for a proof of the check to be seen, by proof."""
NEVER_MET = {
    "gateway.logs.holds_back",  # streams that pass
    "gateway.routing.match",  # one API, one operation that fits
    "arm.monitor.diagnostic_setting",  # tables of their own, which every type here has
    "logs.kql._check_names",  # queries whose names are right
    "arm.apis._operations",  # one document, not how the next one's ids are written
    "model.account_logs._metrics",  # calls that are not stopped, and no counts
    "arm.azure.kept_hours",  # that it is kept, and not how long
    "arm.monitor.workspace",  # an id that comes back, and rows: nobody looks
}
"""Beliefs that a life rests on but never confirms, with what it meets instead of their case."""
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
    "generic existence check": ("NoRegisteredProviderFound",),
    "missing parent": ("ParentResourceNotFound",),
    "unknown model": ("DeploymentModelNotSupported",),
    "unknown role": ("RoleDefinitionDoesNotExist",),
    "unknown log category": ("BadRequest",),
    "unknown policy statement": ("ValidationError",),
    "unknown logger": ("ValidationError",),
    "long short name": ("GroupShortNameIsTooLong",),
    "unknown metric": ("MetricNotFound",),
}
"""Codes with which the sandbox refuses the requests of `refusals`, by request."""
WHOLE = {"proof": ("seen",), "kept": ("yes",), "purge": ("deleted",), "recover": ("done",)}
"""Values by kind of fact that show that something did happen; any other confirms no belief."""
OPERATIONS = {"update": "update", "delete": "delete", "refresh": "read"}


def beliefs_behind(step: str, fact: str, *values: str) -> list[str]:
    """Return the ids of the beliefs that a fact rests on: one is wrong if the sides differ.

    `values` are what the sides say: a refusal is also found by its code.
    """
    found = [*_of_fact(step, fact)]
    codes = {word for value in values for word in re.findall(r"\w+", value)}
    found += [f"arm.azure.refusals.{code}" for code in sorted(codes & AZURE["refusals"].keys())]
    return list(dict.fromkeys(found))


def beliefs_confirmed(step: str, fact: str, value: str) -> list[str]:
    """Return the ids of the beliefs that a fact confirms if both sides agree on it.

    What did not happen confirms nothing: a proof that is not seen, columns that stay empty, a
    resource that is not kept. A refusal confirms its own rule, if status and code are that rule's.
    An operation confirms the shape that it sent, and a difference the provider's comparison; the
    other rules of its type did not come up.
    """
    kind, _, rest = fact.partition(" ")
    if value not in WHOLE.get(kind, (value,)) or kind == "policy" or fact == "delete group":
        return []
    if kind == "columns":
        return [f"logs.tables.{rest.removeprefix('of ')}.columns"] if value else []
    if kind == "refusal":
        return [f"arm.azure.refusals.{code}" for code in REFUSALS.get(rest, ()) if _is(code, value)]
    if kind == "error":
        return [f"arm.azure.refusals.{value}"] if value in AZURE["refusals"] else []
    if rest.startswith("azure-native"):
        shape = f"engine.shapes.{rest.partition(' ')[0].partition(':')[2]}"
        compared = ["engine.diff.detailed"] if value.startswith("of ") else []
        return [*([shape] if kind in ("create", "update") else []), *compared]
    return [one for one in beliefs_behind(step, fact, value) if one not in NEVER_MET]


def _is(code: str, value: str) -> bool:
    """Tell whether an answer's status and code are those of the refusal."""
    refusal = AZURE["refusals"][code]
    return value == f"{refusal['status']} {refusal.get('code', code)}"


def _of_fact(step: str, fact: str) -> Iterator[str]:
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
            yield from ("arm.exists", "engine.azure.AzureNative._refuse_existing")
    elif what.startswith("azure-native"):
        yield from _of_resource(step, kind, what)
    elif kind == "policy":
        yield "engine.azure.AzureNative.check"
    elif fact == "chat model":
        yield from ("arm.subscription._models", "arm.subscription._usages")


def _of_resource(step: str, op: str, token: str) -> Iterator[str]:
    """Yield the beliefs on a type: its shape, Azure's rules, and the provider's part."""
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
    """Return the type `Microsoft.X/a/b` of a path that has names in braces between its parts."""
    _, _, rest = path.rpartition("/providers/")
    provider, *parts = rest.split("/") if rest else ["Microsoft.Resources", "resourceGroups"]
    return "/".join([provider, *parts[::2]])
