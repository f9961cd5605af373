"""Mistakes that keep rows from where the check looks: settings, workspaces, stack file, outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.sabotage.mistake import Apply, Mistake, deleted, edited, setting_of, the_only
from harness.sabotage.site import Json, Site
from sandbox.arm.base import ACCOUNT, SERVICE, WORKSPACE


def _only(kind: str, categories: Sequence[str]) -> Apply:
    """Untick the category groups, and tick single categories."""
    logs = [{"category": name, "enabled": True} for name in categories]
    return edited(setting_of(kind), "logs", logs)


def _to_another_workspace(kind: str) -> Apply:
    def apply(site: Site) -> None:
        other = site.second(WORKSPACE)
        edited(setting_of(kind), "workspaceId", other.id)(site)

    return apply


def _no_metrics(kind: str) -> Apply:
    return edited(setting_of(kind), "metrics", [])


def _disabled(kind: str) -> Apply:
    """Untick every log category of a setting, which stays."""

    def change(body: Json) -> None:
        for entry in body["properties"]["logs"]:
            entry["enabled"] = False

    return lambda site: site.edit(site.setting_of(kind), change)


def _stack(**values: Any) -> Apply:
    return lambda site: site.up(**values)


def _outputs_of_another_workspace(site: Site) -> None:
    old = site.second(WORKSPACE)
    stale = {"workspaceId": old.id, "workspaceCustomerId": old.properties["customerId"]}
    site.save_outputs(lambda outputs: outputs["proof"].update(stale))


def _outputs_with_an_old_deployment(site: Site) -> None:
    def change(outputs: Json) -> None:
        deployments = outputs["proof"]["deployments"]
        deployments.append({**deployments[0], "name": "text-davinci"})

    site.save_outputs(change)


MISTAKES = (
    Mistake(
        "tables of AzureDiagnostics",
        "The gateway's setting is saved with the destination table Azure diagnostics.",
        edited(setting_of(SERVICE), "logAnalyticsDestinationType", "AzureDiagnostics"),
        1,
        ("destination table of the diagnostic setting of API Management",),
    ),
    Mistake(
        "destination type left out",
        "The gateway's setting is written by a script that names no destination type.",
        edited(setting_of(SERVICE), "logAnalyticsDestinationType", None),
        1,
        ("destination table of the diagnostic setting of API Management",),
    ),
    Mistake(
        "gateway's setting deleted",
        "API Management > Diagnostic settings is emptied.",
        deleted(setting_of(SERVICE)),
        1,
        ("the diagnostic setting of API Management is missing",),
    ),
    Mistake(
        "gateway's logs unticked",
        "Every log category of the gateway's setting is unticked, to save money.",
        _disabled(SERVICE),
        1,
        (
            "category GatewayLogs",
            "is off",
        ),
    ),
    Mistake(
        "gateway's category of LLM logs missing",
        "The setting was made by hand when there was only GatewayLogs.",
        _only(SERVICE, ["GatewayLogs"]),
        1,
        (
            "category GatewayLlmLogs",
            "is off",
        ),
    ),
    Mistake(
        "gateway's category of gateway logs missing",
        "Only the category for generative AI is ticked.",
        _only(SERVICE, ["GatewayLlmLogs"]),
        1,
        (
            "category GatewayLogs",
            "is off",
        ),
    ),
    Mistake(
        "gateway's audit group only",
        "allLogs is unticked and audit left, which has no call in it.",
        edited(setting_of(SERVICE), "logs", [{"categoryGroup": "audit", "enabled": True}]),
        1,
        (
            "category GatewayLogs",
            "is off",
        ),
    ),
    Mistake(
        "gateway's metrics missing",
        "AllMetrics is unticked in the gateway's setting.",
        _no_metrics(SERVICE),
        1,
        ("AllMetrics of the diagnostic setting of API Management is off",),
    ),
    Mistake(
        "gateway's logs in another workspace",
        "The gateway's setting is pointed at the security team's workspace.",
        _to_another_workspace(SERVICE),
        1,
        (
            "workspace of the diagnostic setting of API Management",
            "-second",
        ),
    ),
    Mistake(
        "account's setting deleted",
        "Azure OpenAI > Diagnostic settings is emptied.",
        deleted(setting_of(ACCOUNT)),
        1,
        ("the diagnostic setting of Azure OpenAI is missing",),
    ),
    Mistake(
        "account's request log missing",
        "Only Audit is ticked in the account's setting.",
        _only(ACCOUNT, ["Audit"]),
        1,
        (
            "category RequestResponse",
            "is off",
        ),
    ),
    Mistake(
        "account's metrics missing",
        "AllMetrics is unticked in the account's setting.",
        _no_metrics(ACCOUNT),
        1,
        ("AllMetrics of the diagnostic setting of Azure OpenAI is off",),
    ),
    Mistake(
        "account's logs in another workspace",
        "The account's setting is pointed at the security team's workspace.",
        _to_another_workspace(ACCOUNT),
        1,
        (
            "workspace of the diagnostic setting of Azure OpenAI",
            "-second",
        ),
    ),
    Mistake(
        "workspace deleted",
        "The workspace is deleted: it looked unused.",
        deleted(the_only(WORKSPACE)),
        1,
        ("workspace is not found",),
    ),
    Mistake(
        "half of the calls declared",
        "samplingPercentage: 50 in the stack file, and pulumi up.",
        _stack(samplingPercentage=50),
        1,
        ("samplingPercentage is 50",),
    ),
    Mistake(
        "no source of tokens declared",
        "capture: metadata and llmLogging: false in the stack file, and pulumi up.",
        _stack(capture="metadata", llmLogging=False),
        1,
        ("without llmLogging no log holds the tokens",),
    ),
    Mistake(
        "bodies too small for usage declared",
        "bodyBytes: 200, logResponseBodies: true and llmLogging: false in the stack file, and "
        "pulumi up.",
        _stack(bodyBytes=200, logResponseBodies=True, llmLogging=False),
        1,
        (
            "its usage is lost",
            "llmLogging",
        ),
    ),
    Mistake(
        "outputs of an older workspace",
        "The outputs file was saved before the stack moved to another workspace.",
        _outputs_of_another_workspace,
        1,
        ("workspace of the diagnostic setting of API Management", "-second"),
    ),
    Mistake(
        "outputs with an older deployment",
        "The outputs file was saved before a deployment was taken out of the stack.",
        _outputs_with_an_old_deployment,
        1,
        ("deployment text-davinci is missing",),
    ),
)
