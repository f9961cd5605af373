"""The stack's configuration, checked as a whole and frozen.

Defaults stand in Pulumi.yaml, where every key is declared; here is what each may be.
Name rules: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from components.settings.api_document import ALLOWED as IMPORTABLE
from components.settings.api_document import check as check_document
from components.settings.constraints import (
    Constraint,
    Frozen,
    existing,
    matching,
    named_once,
    one_of,
    whole,
)
from components.settings.insights import EMAIL, Alerts, Amount, Emails, Prices, Tokens, Webhooks

UNITS_BY_TIER = {
    "Developer": 1,
    "Basic": 2,
    "Standard": 4,
    "Premium": 12,
    "BasicV2": 10,
    "StandardV2": 10,
}
"""Most units of each tier that logs to Azure Monitor; Consumption does not.

PremiumV2 is newer than the API version with which the SDK creates services.

https://learn.microsoft.com/azure/api-management/upgrade-and-scale
https://learn.microsoft.com/azure/api-management/api-management-features
"""

GATEWAY_ROLES = {
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Cognitive Services User": "a97b65f3-24c7-4388-baec-2e87135dc908",
}
"""Ids of the roles by which a gateway may call an account.

The first may call models and read, change and delete responses, on accounts of kind OpenAI and
AIServices; it is enough for every operation of the project's OpenAPI document. The second, which
the reference guide names, may also list keys and use all else that a Foundry resource offers.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/ai-machine-learning
https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#considerations-for-rbac-and-policy-during-upgrade
"""

BODY_BYTES_LIMIT = 8192
"""Most bytes of one body in a gateway log entry.

https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
"""

LONGEST_TIMEOUT = 3600
"""Most seconds to wait for an answer to begin; no model thinks longer.

Azure takes any number, and says that values greater than 240 seconds may not be honored, because
the network beneath can drop idle connections after this time: calls that think longer than that
are to stream, or to be responses in the background.
https://learn.microsoft.com/azure/api-management/forward-request-policy#attributes
"""

HELD_BACK = (
    "llmLogging is false, so the gateway log holds the bodies of responses, and API Management may "
    "hold streamed answers back until they are whole: set llmLogging true to let streams through, "
    "or logResponseBodies true to keep it so without this warning"
)
NO_ANSWERS = (
    "llmLogging is false and bodyBytes 0, so no log holds a prompt or an answer though capture is "
    "full: set llmLogging true, or bodyBytes above 0, or say so by capture metadata"
)

LLM_MESSAGE_BYTES_LIMIT = 2 * 1024 * 1024
"""Most bytes of prompt, and of completion, in the LLM log of one call.

https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
"""

PLAIN = "plain"
"""In the validation's context: keys, as in the stack file, of which no value is secret there."""
CLOUD = "cloud"
"""In the validation's context: the value of `azure-native:environment`."""
LACKING = {"usgovernment": "GlobalStandard"}
"""The SKU that an environment does not have.

https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements#azure-government-clouds
"""

CHILD_NAME = "1 to 80 letters, digits and hyphens, no hyphen at either end"
ACCOUNT_NAME = "2 to 64 lower-case letters, digits and hyphens, no hyphen at either end"
WORKSPACE_NAME = "4 to 63 letters, digits and hyphens, no hyphen at either end"
SERVICE_NAME = "1 to 50 letters, digits and hyphens, first a letter, last no hyphen"
GROUP_NAME = "1 to 90 letters, digits, _ ( ) . and hyphens, not ending in a period"
DEPLOYMENT_NAME = "2 to 64 letters, digits, hyphens, underscores and periods"
SETTING_NAME = r"1 to 260 characters without < > * % & : \ ? + /"

ChildName = Annotated[str, matching(CHILD_NAME, r"[A-Za-z0-9]([A-Za-z0-9-]{0,78}[A-Za-z0-9])?")]
SETTING_PATTERN = r"[^<>*%&:\\?+/]{1,260}"
SettingName = Annotated[str, matching(SETTING_NAME, SETTING_PATTERN)]
Text = Annotated[str, matching("1 to 100 characters", r".{1,100}")]
LongText = Annotated[str, matching("1 to 1,000 characters", r"(?s:.{1,1000})")]


class Deployment(Frozen):
    """One model deployment of the account."""

    name: Annotated[str, matching(DEPLOYMENT_NAME, r"[A-Za-z0-9][\w.-]{1,63}")]
    model: Text
    version: Annotated[str, matching('the model\'s version, in quotes: "2026-07-09"', r"\S{1,64}")]
    sku: Annotated[
        str,
        Field(validate_default=True),
        matching("a deployment SKU such as GlobalStandard", r"[A-Za-z]{1,64}"),
    ] = "GlobalStandard"
    capacity: Annotated[int, whole("1,000 tokens per minute", 1, 1_000_000)]
    upgrade: Annotated[
        str, one_of("NoAutoUpgrade", "OnceCurrentVersionExpired", "OnceNewDefaultVersionAvailable")
    ] = "NoAutoUpgrade"

    @field_validator("sku")
    @classmethod
    def _sku_of_the_cloud(cls, value: str, info: ValidationInfo) -> str:
        cloud = (info.context or {}).get(CLOUD, "")
        if LACKING.get(cloud, "").lower() == value.lower():
            raise ValueError(
                f"a SKU that azure-native:environment {cloud} has, such as Standard or "
                f"DataZoneStandard; it has no {value}"
            )
        return value


class Consumer(Frozen):
    """One caller of the API: a subscription to the product, with keys of its own."""

    name: ChildName
    display_name: Text
    state: Annotated[str, one_of("active", "suspended")] = "active"
    monthly_tokens: Tokens = 0
    """Budget of a month; 0 is none."""
    monthly_cost: Amount = 0
    """Budget of a month in US dollars; 0 is none."""


class Settings(Frozen):
    """Every key of the stack, in the order of Pulumi.yaml."""

    resource_group_name: Annotated[str, matching(GROUP_NAME, r"[\w().-]{0,89}[\w()-]")]
    use_existing_resource_group: bool
    location: Annotated[
        str,
        matching("an Azure region such as eastus", r"[A-Za-z0-9 ]{2,40}"),
        AfterValidator(lambda region: region.replace(" ", "").lower()),
    ]
    tags: dict[str, str]
    protect: bool
    workspace_id: Annotated[str, existing("Microsoft.OperationalInsights/workspaces")]
    workspace_name: Annotated[
        str,
        matching(WORKSPACE_NAME, r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]", optional=True),
    ]
    workspace_retention_days: Annotated[int, whole("days", 30, 730)]
    workspace_daily_cap_gb: Annotated[int, whole("gigabytes", 0, 5_000)]
    account_name: Annotated[
        str, matching(ACCOUNT_NAME, r"[a-z0-9][a-z0-9-]{0,62}[a-z0-9]", optional=True)
    ]
    account_diagnostic_setting_name: SettingName
    deployments: Annotated[tuple[Deployment, ...], named_once("deployment")]
    gateway_id: Annotated[str, existing("Microsoft.ApiManagement/service")]
    gateway_name: Annotated[
        str, matching(SERVICE_NAME, r"[A-Za-z]([A-Za-z0-9-]{0,48}[A-Za-z0-9])?", optional=True)
    ]
    gateway_tier: Annotated[str, one_of(*UNITS_BY_TIER)]
    gateway_units: Annotated[int, whole("units", 1, max(UNITS_BY_TIER.values()))]
    gateway_logger: Annotated[str, one_of("auto", "create", "existing")]
    gateway_role: Annotated[str, one_of(*GATEWAY_ROLES)]
    gateway_diagnostic_setting_name: Annotated[
        str, matching(SETTING_NAME, SETTING_PATTERN, optional=True)
    ]
    organization_name: Text
    administrator_email: Annotated[str, matching(*EMAIL, optional=True)]
    api_name: ChildName
    api_path: Annotated[
        str, matching("a URL path without / at either end", r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*")
    ]
    api_document: Annotated[str, Constraint(IMPORTABLE, check_document)]
    product_name: ChildName
    product_description: LongText
    consumers: Annotated[tuple[Consumer, ...], named_once("consumer")]
    export_keys: bool
    capture: Annotated[str, one_of("full", "metadata")]
    backend_timeout_seconds: Annotated[int, whole("seconds", 1, LONGEST_TIMEOUT)]
    body_bytes: Annotated[int, whole("bytes", 0, BODY_BYTES_LIMIT)]
    log_response_bodies: bool
    sampling_percentage: Annotated[int, whole("percent", 0, 100)]
    llm_logging: bool
    llm_message_bytes: Annotated[int, whole("bytes", 1, LLM_MESSAGE_BYTES_LIMIT)]
    check_api_version: Annotated[
        str, matching("a date, with -preview or without", r"\d{4}-\d\d-\d\d(-preview)?")
    ]
    insights: bool
    alerts: Alerts
    alert_emails: Emails
    alert_webhooks: Webhooks
    prices: Prices

    @property
    def place(self) -> dict[str, str]:
        """What the names' suffix belongs to: another place gets another one."""
        return {"location": self.location, "resourceGroup": self.resource_group_name}

    @property
    def response_bodies(self) -> bool:
        """Log the bodies of responses: on request, or where no other log holds an answer.

        https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
        """
        return self.log_response_bodies or (self.capture == "full" and not self.llm_logging)

    @property
    def warnings(self) -> list[str]:
        """What a person has to know of settings that are not wrong, and what to do about it."""
        if self.capture == "metadata" or self.llm_logging:
            return []
        if self.body_bytes == 0:
            return [NO_ANSWERS]
        return [] if self.log_response_bodies else [HELD_BACK]

    @field_validator("workspace_name", "gateway_name")
    @classmethod
    def _named_only_if_created(cls, value: str, info: ValidationInfo) -> str:
        id_key = f"{str(info.field_name).removesuffix('_name')}_id"
        if value and info.data.get(id_key):
            raise ValueError(f'"", because {to_camel(id_key)} names an existing one')
        return value

    @field_validator("gateway_diagnostic_setting_name")
    @classmethod
    def _created_gateway_logs(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("gateway_id") == "":
            raise ValueError(f"{SETTING_NAME}; empty only beside gatewayId")
        return value

    @field_validator("gateway_units")
    @classmethod
    def _units_fit_tier(cls, value: int, info: ValidationInfo) -> int:
        tier = info.data.get("gateway_tier")
        if tier and value > UNITS_BY_TIER[tier]:
            most = UNITS_BY_TIER[tier]
            raise ValueError(f"{f'1 to {most} units' if most > 1 else '1 unit'} in tier {tier}")
        return value

    @field_validator("alert_webhooks")
    @classmethod
    def _secret_in_the_stack_file(
        cls, value: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if value and to_camel(str(info.field_name)) in (info.context or {}).get(PLAIN, ()):
            raise ValueError(
                "secret values only, as an address often carries its password: set each with "
                "--secret, and change a password that stood in the stack file in clear"
            )
        return value

    @field_validator("administrator_email")
    @classmethod
    def _email_to_create_gateway(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("gateway_id") == "":
            raise ValueError("an e-mail address: API Management cannot be created without one")
        return value
