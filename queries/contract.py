"""Say once what the program tells the check and the report: the stack output `proof`.

The program fills a `ProofOutput` whose ids and addresses are Pulumi outputs, and exports it as
`queries.wire` writes it. Check and report read the same class with plain text in it. So the type
checker sees on both sides when a field is renamed, added or left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

KEYS_OFF = (
    "az rest --method patch --url '{id}?api-version=2025-06-01' "
    """--body '{{"properties": {{"disableLocalAuth": true}}}}'"""
)
"""What a person runs to turn the keys of an account off, to be formatted with its `id`.

https://learn.microsoft.com/azure/ai-services/disable-local-auth
https://learn.microsoft.com/cli/azure/use-azure-cli-rest-command
"""

CHECK_HEADER = "x-failover-check"
"""Request header by which the check names the account that must answer, among several.

The policy refuses it, but where the gateway traces the call, for which a caller needs a token that
only those get who may change the gateway.
https://learn.microsoft.com/azure/api-management/api-management-howto-api-inspector
"""
NEXT_ACCOUNT = "*"
"""Value of `CHECK_HEADER` that names nobody first, so that the call has to go on to an account."""
NOBODY_URL = "https://no-account.invalid/openai"
"""Where the first attempt of such a call goes: names below `invalid` never resolve.

https://www.rfc-editor.org/rfc/rfc6761#section-6.4
"""
MODEL_REFUSED, PROMPT_REFUSED = "PlanModelNotAllowed", "PlanPromptTooLong"
"""Codes of the errors with which the policy itself refuses what a plan does not allow."""
REMAINING_TOKENS = "x-plan-remaining-tokens"
REMAINING_QUOTA = "x-plan-remaining-quota-tokens"
REMAINING_CALLS = "x-plan-remaining-calls"
"""Response headers with what is left of a plan.

The account's own, such as x-ratelimit-remaining-tokens, tell what is left of the deployment.
"""
VERSION: Literal[1] = 1
"""Version of the output's shape. Raise it with every key that is added, renamed or dropped."""

Made = TypeVar("Made")
"""Text that only a deployment makes: an output while the program runs, plain text afterwards."""
Capture = Literal["full", "metadata"]
Kind = Literal["chat", "completions", "embeddings"]
"""The inference operation that a model's deployments serve."""
OPENAI = "OpenAI"
"""Publisher of Azure OpenAI's models, as deployments name it."""


NEVER = "9999-12-31"
"""The last day that there is: no consumer's calls end after it."""
MONTHLY = "Monthly"
"""Period of a quota, as the gateway's statement writes it."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A model deployment and the kind of call it answers."""

    name: str
    model: str
    version: str
    kind: Kind
    capacity: int
    """Thousands of tokens a minute."""
    sku: str
    format: str = OPENAI
    """Publisher of the model."""
    existing: bool = False
    """Whether the account had the deployment, so that the stack leaves it as it is."""

    @property
    def only_on_v1(self) -> bool:
        """Tell whether its calls must name it in the body, as those to other publishers' models do.

        https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle
        """
        return self.format != OPENAI

    @property
    def provisioned(self) -> bool:
        """Tell whether the deployment has throughput of its own and no quota a minute."""
        return is_provisioned(self.sku)


@dataclass(frozen=True, kw_only=True)
class DiagnosticSettings:
    """Name of the diagnostic setting of each service; "" for one that another program keeps."""

    gateway: str
    account: str


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A diagnostic setting that sends every log to one more place."""

    name: str
    """Name of the setting on each resource."""
    blob_endpoint: str = ""
    """Where the storage account serves its blobs; "" for a copy into an event hub alone."""
    event_hub: str = ""
    """ARM id of the namespace's authorization rule; "" for a copy into storage alone."""
    of: tuple[str, ...] = ()
    """What is copied, `gateway`, `account` or short names of accounts; empty for all."""

    def copies(self, resource: str) -> bool:
        """Tell whether the logs of `gateway`, `account` or a short name are copied."""
        return not self.of or resource.lower() in {name.lower() for name in self.of}


@dataclass(frozen=True, kw_only=True)
class Account(Generic[Made]):
    """The Azure OpenAI account that the gateway calls."""

    id: Made
    """ARM id."""
    endpoint: Made
    """`https://<subdomain>.openai.azure.com/`, as Azure reports it."""
    backend_url: Made
    """Where the gateway sends calls, without a slash at the end."""
    kind: Literal["OpenAI", "AIServices"] = "OpenAI"
    """Kind of an account that the stack creates; left out of the output if OpenAI."""
    existing: bool = False
    """Whether the stack uses the account and did not create it; left out of the output if not."""
    keys: Literal["refuse", "allow"] = "refuse"
    """Whether an existing account may take its keys; left out of the output if not."""
    name: str = ""
    """Short name among several accounts; "" for the only one."""
    deployments: tuple[Deployment, ...] = ()
    """Those of this account, where there are several."""
    priority: int = 1
    """Rank: the accounts of a pool with the lowest number are called while they answer."""
    weight: int = 1
    """Share of the calls among accounts of one rank."""
    diagnostic_setting: str = ""
    """Name of the account's diagnostic setting; "" for one that another program keeps."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What each of some consumers may use; 0 or empty is no limit."""

    consumers: tuple[str, ...] = ()
    """Names of their subscriptions."""
    tokens_per_minute: int = 0
    token_quota: int = 0
    token_quota_period: str = MONTHLY
    calls_per_minute: int = 0
    models: tuple[str, ...] = ()
    """Names of the deployments that they may call."""
    prompt_bytes: int = 0
    """Bytes of a call's body."""

    def allows(self, deployment: str) -> bool:
        """Tell whether calls to a deployment are let through."""
        return not self.models or deployment.lower() in {one.lower() for one in self.models}


NO_PLAN = Plan()


@dataclass(frozen=True, kw_only=True)
class Network:
    """Who may call what the stack creates."""

    account: Literal["public", "endpoint", "firewall"] = "public"
    """Everybody with a token; who comes by the private endpoint; or the gateway's addresses."""
    gateway: Literal["public", "endpoint", "internal"] = "public"
    """Everybody with a key; who comes by the private endpoint; or from the gateway's network."""


PUBLIC = Network()


@dataclass(frozen=True, kw_only=True)
class ProofOutput(Generic[Made]):
    """What check and report must know of the stack."""

    version: Literal[1]
    gateway_url: Made
    api_path: str
    api_id: str
    """Name of the API on the gateway."""
    account: Account[Made]
    """The only account; of several the first, to which calls go that name no deployment."""
    gateway_id: Made
    gateway_principal_id: Made
    """Object id of the identity with which the gateway calls the account."""
    workspace_id: Made
    workspace_customer_id: Made
    """GUID by which the workspace is queried."""
    deployments: tuple[Deployment, ...]
    consumers: tuple[str, ...]
    """Names of those whose subscriptions are active."""
    operations: Mapping[str, str]
    """Operation id by method and path of the imported document; empty if only Azure reads it."""
    capture: Capture
    body_bytes: int
    """Bytes of each body in the gateway log."""
    log_response_bodies: bool
    sampling_percentage: int
    llm_logging: bool
    llm_message_bytes: int
    """Bytes of prompt, and of completion, in the LLM log of one call."""
    accounting_header: str
    """Response header in which the policy tells tokens."""
    backend_timeout_seconds: int
    subscription_key_header: str
    api_version: str
    """Version of the inference API with which the check calls."""
    logs_endpoint: str
    management_endpoint: str
    audience: str
    """For which the gateway's tokens are made."""
    role_id: str
    """Role definition by which the gateway may call the account."""
    prices: Mapping[str, Any]
    """By model, US dollars per 1,000,000 tokens; empty for those of the query library."""
    budgets: Mapping[str, Any]
    """By consumer, tokens and US dollars a month."""
    diagnostic_settings: DiagnosticSettings
    other_callers: tuple[str, ...] = ()
    """Object ids, beside the gateway's, that may call the account; left out of the output if none,
    so that the output of a stack without any stays as it was.
    """
    stream_usage: Literal["ensure", "leave"] = "ensure"
    """Whether the policy asks each streamed completion for its tokens; left out if it does, so that
    the output of a stack stays as it was.
    """
    stored_responses: Literal["refuse", "share"] = "refuse"
    """Whether the policy offers stored responses to all who know an id; left out if it does not."""
    accounts: tuple[Account[Made], ...] = ()
    """Several accounts behind the API; none if there is one alone, and left out then."""
    entra_tenant: str = ""
    """Tenant whose tokens let consumers in; "" for none, and left out then."""
    entra_audience: str = ""
    """Claim `aud` of those tokens; left out without a tenant."""
    consumer_keys: Literal["allow", "refuse"] = "allow"
    """Whether consumers have keys too; left out if they do."""
    token_consumers: tuple[tuple[str, str], ...] = ()
    """Claim and consumer of tokens, the first that fits counts; left out without a tenant."""
    plans: tuple[Plan, ...] = ()
    """What the gateway lets consumers use; left out if it limits none."""
    network: Network = PUBLIC
    """Who reaches gateway and accounts; left out if everybody does."""
    copies: tuple[Copy, ...] = ()
    """Second copies of the logs; left out if there are none."""
    key_vault_id: Made | Literal[""] = ""
    """ARM id of the vault that has consumers' keys; "" for none, and left out then."""
    key_readers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By consumer, object id and type of those who may read its key; left out if nobody may."""
    expires: Mapping[str, str] = field(default_factory=dict)
    """Last day (UTC), as 2027-03-31, of each consumer that has one; left out if none has."""

    def plan_of(self, consumer: str) -> Plan:
        """Return what a consumer may use: no limit where it has none."""
        named = consumer.lower()
        return next(
            (one for one in self.plans if named in {each.lower() for each in one.consumers}),
            NO_PLAN,
        )

    def expired(self, now: datetime) -> tuple[str, ...]:
        """Name the active consumers whose last day is over, in UTC."""
        today = now.astimezone(UTC).date().isoformat()
        return tuple(one for one in self.consumers if self.expires.get(one, today) < today)

    @property
    def every_account(self) -> tuple[Account[Made], ...]:
        """Return the accounts behind the API: several, or the only one."""
        return self.accounts or (self.account,)

    @property
    def every_deployment(self) -> tuple[Deployment, ...]:
        """Return the deployments of every account, of one name as often as accounts have it."""
        return tuple(d for one in self.accounts for d in one.deployments) or self.deployments

    @property
    def pools(self) -> Mapping[str, tuple[str, ...]]:
        """Return the short names of the accounts that share a deployment, by its name."""
        serving = dict[str, list[str]]()
        for one in self.accounts:
            for each in one.deployments:
                serving.setdefault(each.name.lower(), []).append(one.name)
        return {name: tuple(names) for name, names in serving.items() if len(names) > 1}

    def serving(self, deployment: str) -> tuple[Account[Made], ...]:
        """Return the accounts that may answer a deployment's calls; the first for others."""
        named = deployment.lower()
        found = tuple(
            one for one in self.accounts if named in {each.name.lower() for each in one.deployments}
        )
        return found or (self.account,)


def row_name(account_id: str) -> str:
    """Return what `accounts.kql` makes of an account's ARM id: subscription, group and name.

    It is no whole ARM id, beside which Pulumi's provider sees no change of a text.
    """
    parts = account_id.lower().strip("/").split("/")
    return "/".join([*parts[1:4:2], parts[-1]])


def is_provisioned(sku: str) -> bool:
    """Tell whether deployments of a SKU are paid by the hour, with throughput of their own.

    SKUs ProvisionedManaged, GlobalProvisionedManaged and DataZoneProvisionedManaged:
    https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/deployment-types
    """
    return "provisioned" in sku.lower()
