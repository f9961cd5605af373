"""The stack's configuration, checked as a whole and frozen.

A key's meaning, type, default and bounds stand here alone: `make docs` writes `config` of
Pulumi.yaml and docs/configuration.md from them.
Name rules: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from components.settings import api_document as document
from components.settings.accounts import (
    ACCOUNT_NAME,
    ACCOUNT_PATTERN,
    ACCOUNT_SETTING,
    ACCOUNTS,
    KINDS,
    REGION,
    REGION_PATTERN,
    SOME_OR_ACCOUNTS,
    Account,
    OptionalSetting,
    check_deployments,
    check_empty,
    checked,
    only_account,
    without_blanks,
)
from components.settings.constraints import (
    TAGS,
    Constraint,
    Frozen,
    check_tags,
    dated,
    each_once,
    existing,
    matching,
    named_once,
    one_of,
    whole,
)
from components.settings.content_filter import ContentFilter
from components.settings.copies import SETTING_NAME, Copy, check_copies
from components.settings.entra import AUDIENCE, GUID, TENANT, check_tokens
from components.settings.insights import EMAIL, Alerts, Emails, Prices, Webhooks
from components.settings.items import ChildName, Consumer, Deployment, Text
from components.settings.key_vault import KeyVault, check_readers
from components.settings.limits import (
    BODY_BYTES_LIMIT,
    GATEWAY_ROLES,
    LLM_MESSAGE_BYTES_LIMIT,
    LONGEST_TIMEOUT,
    UNITS_BY_TIER,
    check_units,
)
from components.settings.names import GROUP_NAME, PATH, PATH_PATTERN, SERVICE_NAME, WORKSPACE_NAME
from components.settings.network import Network, check_network
from components.settings.plans import Limits, Plan, check_consumers, check_plans, grouped
from components.settings.sizes import check_number, check_prices
from queries.contract import OPENAI

PLAIN = "plain"
"""In the validation's context: keys, as in the stack file, of which no value is secret there."""
API_VERSION = dated("a real date, with -preview or without", "(-preview)?")
ObjectIds = Annotated[
    tuple[Annotated[str, matching("an object id of Microsoft Entra, a GUID", GUID)], ...],
    each_once("object ids"),
]
LongText = Annotated[
    str, matching("1 to 1,000 characters, not blanks alone", r"(?s:(?=.*\S).{1,1000})")
]
Items = tuple[Any, ...]
_CHECKS: dict[str, tuple[Callable[[Any, Mapping[str, Any]], None], ...]] = {
    "deployments": (check_deployments,),
    "network": (check_network,),
    "plans": (check_plans,),
    "consumers": (check_tokens, check_consumers, check_number, check_readers),
    "prices": (check_prices,),
    "copies": (check_copies,),
}
"""What judges a list or map by the keys that stand before it, and by the cloud."""


class Settings(Frozen):
    """Every key of the stack, in the order in which they are documented.

    Below each is its meaning; `{bounds}` in it stands for the values that its constraint allows.
    Pulumi hands each default over as Pulumi.yaml has it, so it is judged like any value.
    """

    model_config = ConfigDict(validate_default=True)

    resource_group_name: Annotated[str, matching(GROUP_NAME, r"[\w().-]{0,89}[\w()-]")] = (
        "rg-activategenai"
    )
    """Resource group that holds the stack."""
    use_existing_resource_group: bool = False
    """Use the group of that name instead of creating it."""
    location: Annotated[str, matching(REGION, REGION_PATTERN), AfterValidator(without_blanks)] = (
        "eastus"
    )
    """Azure region of everything."""
    tags: Annotated[dict[str, str], Constraint(TAGS, check_tags)] = Field(default_factory=dict)
    """Tags put on everything that takes them."""
    protect: bool = False
    """Refuse to delete or replace the group, workspace, account, deployments and gateway."""
    preflight: bool = True
    """Before anything is created, let pulumi up ask Azure for models, quota, names and rights, and
    refuse what Azure would refuse.
    """
    workspace_id: Annotated[str, existing("Microsoft.OperationalInsights/workspaces")] = ""
    """ARM id of an existing Log Analytics workspace; empty creates one."""
    workspace_name: Annotated[
        str,
        matching(WORKSPACE_NAME, r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]", optional=True),
    ] = ""
    """Name of the workspace to create; empty gives log- and a random suffix."""
    workspace_retention_days: Annotated[int, whole("days", 30, 730)] = 30
    """Days that logs are kept ({bounds})."""
    workspace_daily_cap_gb: Annotated[int, whole("gigabytes", 0, 5_000)] = 0
    """Gigabytes a day after which the workspace stops taking logs; 0 sets no cap."""
    accounts: Annotated[
        tuple[Account, ...], named_once("account", optional=True), AfterValidator(checked)
    ] = ()
    """Several accounts behind the API, each with name, id or accountName, keys, location,
    deployments, priority, weight and diagnosticSettingName; instead of the keys of one account.
    """
    account_id: Annotated[str, existing(ACCOUNTS)] = ""
    """ARM id of an existing Azure OpenAI or Foundry account; empty creates one."""
    account_name: Annotated[str, matching(ACCOUNT_NAME, ACCOUNT_PATTERN, optional=True)] = ""
    """Name and subdomain of the account to create; empty gives oai- and a random suffix."""
    account_keys: Annotated[str, one_of("refuse", "allow")] = "refuse"
    """allow lets an existing account take its keys, by which calls pass the gateway by; refuse
    warns of it, and the check fails; an account to create takes none.
    """
    account_diagnostic_setting_name: OptionalSetting = ACCOUNT_SETTING
    """Name of the account's diagnostic setting; empty if an existing account has one."""
    account_kind: Annotated[str, one_of(*KINDS)] = OPENAI
    """Kind of the account to create: AIServices makes a Foundry resource, which serves models of
    other publishers too. An account of kind OpenAI is upgraded in place, and stays so.
    """
    content_filters: Annotated[
        tuple[ContentFilter, ...], named_once("content filter", optional=True)
    ] = ()
    """Content filters to create, each with name, hate, sexual, selfHarm, violence, jailbreak,
    indirectAttacks, protectedText and protectedCode.
    """
    deployments: Annotated[tuple[Deployment, ...], SOME_OR_ACCOUNTS] = ()
    """Model deployments, each with name, model, version, sku, capacity, upgrade, contentFilter,
    spillover and existing.
    """
    gateway_id: Annotated[str, existing("Microsoft.ApiManagement/service")] = ""
    """ARM id of an existing API Management service; empty creates one."""
    gateway_name: Annotated[
        str, matching(SERVICE_NAME, r"[A-Za-z]([A-Za-z0-9-]{0,48}[A-Za-z0-9])?", optional=True)
    ] = ""
    """Name of the service to create; empty gives apim- and a random suffix."""
    gateway_tier: Annotated[str, one_of(*UNITS_BY_TIER)] = "Standard"
    """Pricing tier of the service to create ({bounds})."""
    gateway_units: Annotated[int, whole("units", 1, max(UNITS_BY_TIER.values()))] = 1
    """Units of that tier."""
    gateway_logger: Annotated[str, one_of("auto", "create", "existing")] = "auto"
    """create the azuremonitor logger, use the existing one, or auto (existing on an existing
    gateway).
    """
    gateway_role: Annotated[str, one_of(*GATEWAY_ROLES)] = "Cognitive Services OpenAI User"
    """Role of the gateway's identity on the account ({bounds})."""
    other_callers: ObjectIds = ()
    """Object ids, beside the gateway's, that may call the account itself: their calls are in no
    gateway log, and the check lets their roles pass.
    """
    gateway_diagnostic_setting_name: OptionalSetting = "API Management Diagnostic Setting"
    """Name of the gateway's diagnostic setting; empty if an existing gateway has one."""
    network: Network = Field(default_factory=Network)
    """Network in which the gateway reaches the accounts, and callers the gateway."""
    copies: Annotated[tuple[Copy, ...], named_once("diagnostic setting", optional=True)] = ()
    """Second copies of the logs, each with name, storageAccountId, eventHubAuthorizationRuleId,
    eventHubName and of.
    """
    organization_name: Text = "Windows"
    """Organisation shown by the service to create."""
    administrator_email: Annotated[str, matching(*EMAIL, optional=True)] = ""
    """Address that gets the service's notifications; needed to create a service."""
    api_name: ChildName = "miyagi-api"
    """Name of the API on the gateway."""
    api_path: Annotated[str, matching(PATH, PATH_PATTERN)] = "openai"
    """URL suffix of the API; the OpenAI client libraries call openai."""
    api_document: Annotated[str, Constraint(document.ALLOWED, document.check)] = ""
    """OpenAPI document to import instead of the project's own, as a file path or an https
    URL.
    """
    product_name: ChildName = "OpenAi"
    """Product that holds the API."""
    product_description: LongText = "OpenAI"
    """Description of the product."""
    entra_tenant: Annotated[str, TENANT] = ""
    """Microsoft Entra tenant whose tokens let consumers in; empty lets none in."""
    entra_audience: Annotated[str, AUDIENCE] = ""
    """Audience for which those tokens must be made, the claim aud."""
    consumer_keys: Annotated[str, one_of("allow", "refuse")] = "allow"
    """allow gives each consumer keys, beside tokens; refuse makes none, and takes tokens alone."""
    key_vault: KeyVault = ""
    """Key Vault to which `make keys` hands consumers' keys, instead of an output: create, or the
    ARM id of an existing one; empty is none.
    """
    key_vault_public: bool = True
    """Let every network reach a vault to create; false leaves it private endpoints."""
    plans: Annotated[tuple[Plan, ...], named_once("plan", optional=True)] = ()
    """What consumers may use, each with name, tokensPerMinute, tokenQuota, tokenQuotaPeriod,
    callsPerMinute, models and promptBytes; the gateway refuses what is more.
    """
    consumers: Annotated[tuple[Consumer, ...], named_once("consumer")] = ()
    """Subscriptions to the product, each with name, displayName, state, monthlyTokens,
    monthlyCost, plan, limits, refuse and expires; beside keyVault also keyReaders, beside
    entraTenant applications, roles and groups.
    """
    export_keys: bool = True
    """Give each consumer's key as a secret output, unless keyVault has it; false keeps keys out of
    Pulumi altogether.
    """
    capture: Annotated[str, one_of("full", "metadata")] = "full"
    """full logs prompts and completions; metadata logs tokens and callers, but no content."""
    backend_timeout_seconds: Annotated[int, whole("seconds", 1, LONGEST_TIMEOUT)] = 600
    """Seconds that the gateway waits for the model to begin its answer ({bounds}); above 240
    Azure may not honor it, as idle connections can be dropped, so let calls that think longer
    stream.
    """
    stream_usage: Annotated[str, one_of("ensure", "leave")] = "ensure"
    """ensure has each streamed completion carry its tokens, in a last chunk without choices; leave
    sends calls on as they come, and tokens of streams whose callers do not ask are unknown.
    """
    stored_responses: Annotated[str, one_of("refuse", "share")] = "refuse"
    """refuse offers no stored responses, as the account does not know one consumer from another;
    share offers them, and whoever learns an id reads, continues or deletes what is stored under it.
    """
    body_bytes: Annotated[int, whole("bytes", 0, BODY_BYTES_LIMIT)] = 8192
    """Bytes of each body in a gateway log entry ({bounds})."""
    log_response_bodies: bool = False
    """Log the bodies of responses in the gateway log too; API Management may then hold streamed
    answers back until they are whole; with llmLogging false and capture full they are logged
    anyway, as no other log holds an answer.
    """
    sampling_percentage: Annotated[int, whole("percent", 0, 100)] = 100
    """Share of calls that are logged."""
    llm_logging: bool = True
    """Log tokens, and whole prompts and completions in chunks, beside the gateway log."""
    llm_message_bytes: Annotated[int, whole("bytes", 1, LLM_MESSAGE_BYTES_LIMIT)] = 262144
    """Bytes of prompt and of completion in the LLM log of one call ({bounds})."""
    check_api_version: Annotated[str, API_VERSION] = "2024-12-01-preview"
    """api-version that the post-deploy check sends."""
    insights: bool = True
    """Deploy alerts, workbook and saved queries."""
    alerts: Alerts = Field(default_factory=dict)
    """Changes to alert rules, by rule name, each with enabled, severity (0 to 4) and
    threshold.
    """
    alert_emails: Emails = ()
    """E-mail addresses that are told of alerts."""
    alert_webhooks: Webhooks = ()
    """https URLs that are told of alerts; each set with --secret."""
    prices: Prices = Field(default_factory=dict)
    """US dollars per 1,000,000 tokens by model, each with input, output and what else they depend
    on; beside or over queries/prices.json.
    """

    @property
    def place(self) -> dict[str, str]:
        """Return what the names' suffix belongs to: another place gets another one."""
        return {"location": self.location, "resourceGroup": self.resource_group_name}

    @property
    def every_account(self) -> tuple[Account, ...]:
        """Return the accounts; the one of the short keys has no short name."""
        return self.accounts or (
            only_account(
                self.account_id,
                self.account_name,
                self.account_keys,
                self.deployments,
                self.account_diagnostic_setting_name,
                self.account_kind,
            ),
        )

    @property
    def exports_keys(self) -> bool:
        """Tell whether keys are an output: never beside a vault, which stands in its place."""
        return self.export_keys and not self.key_vault

    @property
    def policy_without(self) -> frozenset[str]:
        """Name the fragments in `policies/gateway` that the policy does without."""
        off = {"stream-usage": self.stream_usage == "leave"}
        off["stored-responses"] = self.stored_responses == "share"
        off["key-used"] = not self.key_vault or self.consumer_keys == "refuse"
        return frozenset(name for name, left_out in off.items() if left_out)

    @property
    def limited(self) -> tuple[tuple[Limits, tuple[str, ...]], ...]:
        """Return each set of limits with the consumers that have it."""
        return grouped(self.consumers, self.plans)

    @property
    def refuses(self) -> bool:
        """Tell whether the policy refuses consumers what is more than theirs, or too late."""
        return bool(self.limited) or any(one.expires for one in self.consumers)

    @property
    def response_bodies(self) -> bool:
        """Log the bodies of responses: on request, or where no other log holds an answer.

        https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
        """
        return self.log_response_bodies or (self.capture == "full" and not self.llm_logging)

    @field_validator(*_CHECKS)
    @classmethod
    def _fit_what_stands_before(cls, value: Any, info: ValidationInfo) -> Any:
        for check in _CHECKS[str(info.field_name)]:
            check(value, info.data | (info.context or {}))
        return value

    @field_validator(
        "account_id", "account_name", "account_diagnostic_setting_name", "account_kind"
    )
    @classmethod
    def _named_in_accounts(cls, value: str, info: ValidationInfo) -> str:
        default = cls.model_fields[str(info.field_name)].default
        check_empty(info.data.get("accounts"), value, default)
        return value

    @field_validator("stored_responses")
    @classmethod
    def _stored_in_one_account(cls, value: str, info: ValidationInfo) -> str:
        if value == "share" and info.data.get("accounts"):
            raise ValueError("refuse, as accounts has several: a response is known to one alone")
        return value

    @field_validator("account_keys")
    @classmethod
    def _keys_only_where_they_may_be_on(cls, value: str, info: ValidationInfo) -> str:
        if value == "allow" and info.data.get("account_id") == "":
            raise ValueError("refuse; allow only beside accountId, as a new account takes no keys")
        return value

    @field_validator("workspace_name", "account_name", "gateway_name")
    @classmethod
    def _named_only_if_created(cls, value: str, info: ValidationInfo) -> str:
        id_key = f"{str(info.field_name).removesuffix('_name')}_id"
        if value and info.data.get(id_key):
            raise ValueError(f'"", because {to_camel(id_key)} names an existing one')
        return value

    @field_validator("account_diagnostic_setting_name", "gateway_diagnostic_setting_name")
    @classmethod
    def _what_is_created_logs(cls, value: str, info: ValidationInfo) -> str:
        id_key = f"{str(info.field_name).removesuffix('_diagnostic_setting_name')}_id"
        if not value and info.data.get(id_key) == "":
            raise ValueError(f"{SETTING_NAME}; empty only beside {to_camel(id_key)}")
        return value

    @field_validator("gateway_units")
    @classmethod
    def _units_fit_tier(cls, value: int, info: ValidationInfo) -> int:
        check_units(value, info.data.get("gateway_tier"))
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
