"""Ways in which a change of the program, the policy or the stack loses accounting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ACCOUNT, API = "components/openai_account.py", "components/openai_api/component.py"
GATEWAY, WORKSPACE = "components/gateway.py", "components/workspace.py"
LOGGING, CONSUMERS = "components/openai_api/diagnostic.py", "components/openai_api/consumers.py"
LOGGER, POLICY = "components/logger.py", "policies/gateway/azure-openai.xml"
ELSEWHERE = (
    '<choose><when condition="@(context.Subscription.Id == "vip")">'
    '<set-backend-service base-url="https://other.openai.azure.com/openai" /></when></choose>'
)


TLS10 = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls10"
IDS = "/subscriptions/s/resourceGroups/g/providers"
LOGGER_ELSEWHERE = f"{IDS}/Microsoft.ApiManagement/service/apim-example/loggers/other"
RULE = f"{IDS}/Microsoft.Insights/dataCollectionRules/drop"
SOMEBODY = "00000000-0000-0000-0000-000000000001"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One change: what the engine shows of it, what refuses it, and how a program makes it."""

    what: str
    resource: str
    path: str
    """In the resource, with / between keys, as names of keys hold dots."""
    value: Any
    policy: str
    edits: tuple[tuple[str, str, str], ...]
    """File, old text, new text."""
    at: str = ""
    """Where it is reported, if not at the path."""


LOSSES = (
    Loss(
        what="a role for another identity",
        resource="openai-api-role",
        path="principalId",
        value=SOMEBODY,
        policy="connected",
        edits=((API, "principal_id=principal_id,", f'principal_id="{SOMEBODY}",'),),
    ),
    Loss(
        what="plain HTTP",
        resource="openai-api",
        path="protocols",
        value=["https", "http"],
        policy="api",
        edits=((API, "Protocol.HTTPS]", 'Protocol.HTTPS, "http"]'),),
    ),
    Loss(
        what="errors only",
        resource="openai-api-diagnostic",
        path="verbosity",
        value="error",
        policy="api-logging",
        edits=((LOGGING, "Verbosity.INFORMATION", "Verbosity.ERROR"),),
    ),
    Loss(
        what="no caller's address",
        resource="openai-api-diagnostic",
        path="logClientIp",
        value=False,
        policy="api-logging",
        edits=((LOGGING, '"log_client_ip": True', '"log_client_ip": False'),),
    ),
    Loss(
        what="a backend elsewhere for some callers",
        resource="openai-api-policy",
        path="value",
        value=lambda text: text.replace("</inbound>", f"{ELSEWHERE}</inbound>"),
        policy="api-policy",
        edits=((POLICY, "</inbound>", f"{ELSEWHERE}</inbound>"),),
        at="value/policies/inbound",
    ),
    Loss(
        what="a daily cap",
        resource="workspace",
        path="workspaceCapping/dailyQuotaGb",
        value=1,
        policy="workspace",
        edits=((WORKSPACE, "float(args.daily_cap_gb or NO_DAILY_CAP)", "1.0"),),
    ),
    Loss(
        what="a subscription to all APIs",
        resource="subscription-aoai-test",
        path="scope",
        value="/apis",
        policy="api",
        edits=((CONSUMERS, "scope=product.id", 'scope="/apis"'),),
    ),
    Loss(
        what="tracing",
        resource="subscription-aoai-test",
        path="allowTracing",
        value=True,
        policy="api",
        edits=((CONSUMERS, "allow_tracing=False", "allow_tracing=True"),),
    ),
    Loss(
        what="old TLS",
        resource="gateway",
        path=f"customProperties/{TLS10}",
        value="True",
        policy="gateway",
        edits=((GATEWAY, 'OLD_PROTOCOLS, "False"', 'OLD_PROTOCOLS, "True"'),),
    ),
    Loss(
        what="further headers logged",
        resource="openai-api-diagnostic",
        path="frontend/request/headers",
        value=["Cookie"],
        policy="api-logging",
        edits=((LOGGING, "self, logged=True", 'self, logged=True, headers=["Cookie"]'),),
    ),
    Loss(
        what="another logger",
        resource="openai-api-diagnostic",
        path="loggerId",
        value=LOGGER_ELSEWHERE,
        policy="api-logging",
        edits=((API, "logger_id=gateway.logger_id", f'logger_id="{LOGGER_ELSEWHERE}"'),),
    ),
    Loss(
        what="no size of LLM messages",
        resource="openai-api-diagnostic",
        path="largeLanguageModel/requests/maxSizeInBytes",
        value=None,
        policy="api-logging",
        edits=((LOGGING, ", max_size_in_bytes=logging.llm_message_bytes", ""),),
    ),
    Loss(
        what="a workspace transformation",
        resource="workspace",
        path="defaultDataCollectionRuleResourceId",
        value=RULE,
        policy="workspace",
        edits=(
            (
                WORKSPACE,
                "            retention_in_days=",
                f'default_data_collection_rule_resource_id="{RULE}", retention_in_days=',
            ),
        ),
    ),
    Loss(
        what="no content filter",
        resource="deployment-text-turbo",
        path="properties/raiPolicyName",
        value="nothing-filtered",
        policy="content-filters",
        edits=(
            (
                ACCOUNT,
                "rai_policy_name=declared.content_filter or None",
                'rai_policy_name="nothing-filtered"',
            ),
        ),
    ),
    Loss(
        what="rows that anybody with a key may write",
        resource="workspace",
        path="features/disableLocalAuth",
        value=False,
        policy="workspace",
        edits=((WORKSPACE, "disable_local_auth=True", "disable_local_auth=False"),),
    ),
    Loss(
        what="a product that anybody may call",
        resource="openai-api-product",
        path="subscriptionRequired",
        value=False,
        policy="api",
        edits=((CONSUMERS, "subscription_required=True", "subscription_required=False"),),
    ),
    Loss(
        what="a logger that holds nothing back for a retry",
        resource="gateway-logger",
        path="isBuffered",
        value=False,
        policy="gateway",
        edits=((LOGGER, "is_buffered=True", "is_buffered=False"),),
    ),
    Loss(
        what="logs of some categories",
        resource="openai-account-diagnostics",
        path="logs",
        value=[{"categoryGroup": "audit", "enabled": True}],
        policy="diagnostic-settings",
        edits=((ACCOUNT, 'LOGS = ("allLogs",)', 'LOGS = ("audit",)'),),
    ),
)
