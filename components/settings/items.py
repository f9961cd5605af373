"""What a stack file lists: model deployments and consumers; and the names that Azure allows.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from components.settings.constraints import Frozen, dated, matching, one_of, whole
from components.settings.content_filter import FILTER_CHOICE, FILTER_PATTERN
from components.settings.entra import TokenHolder
from components.settings.insights import Amount, Tokens
from components.settings.key_vault import KeyReaders
from components.settings.plans import PLAN_NAME, PLAN_PATTERN, OwnLimits
from queries.contract import OPENAI

CLOUD = "cloud"
"""In the validation's context: the value of `azure-native:environment`."""
LACKING = {"usgovernment": "GlobalStandard"}
"""The SKU that an environment does not have.

https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements#azure-government-clouds
"""

LAST_DAY = 'a real date in quotes, such as "2027-03-31"'
CHILD_NAME = "1 to 80 letters, digits and hyphens, no hyphen at either end"
CONSUMER_NAME = f"{CHILD_NAME}, and not master, which API Management itself has in every service"
"""The name of the subscription to all APIs that nobody can make or delete.

https://learn.microsoft.com/azure/api-management/api-management-subscriptions#all-access-subscription
"""
DEPLOYMENT_NAME = "2 to 64 letters, digits, hyphens, underscores and periods"
DEPLOYMENT_PATTERN = r"[A-Za-z0-9][\w.-]{1,63}"

_CHILD = r"[A-Za-z0-9]([A-Za-z0-9-]{0,78}[A-Za-z0-9])?"
ChildName = Annotated[str, matching(CHILD_NAME, _CHILD)]
ConsumerName = Annotated[str, matching(CONSUMER_NAME, rf"(?!(?i:master)\Z){_CHILD}")]
Text = Annotated[str, matching("1 to 100 characters, not blanks alone", r"(?=.*\S).{1,100}")]


class Deployment(Frozen):
    """One model deployment of the account."""

    name: Annotated[str, matching(DEPLOYMENT_NAME, DEPLOYMENT_PATTERN)]
    """Name by which callers choose it."""
    model: Text
    """Name of the model."""
    format: Annotated[
        str,
        matching("a publisher such as OpenAI or DeepSeek", r"[A-Za-z0-9][A-Za-z0-9 .-]{0,63}"),
    ] = OPENAI
    """Publisher of the model; others than OpenAI need accountKind AIServices."""
    version: Annotated[str, matching('the model\'s version, in quotes: "2026-07-09"', r"\S{1,64}")]
    """Version of that model."""
    sku: Annotated[
        str,
        Field(validate_default=True),
        matching("a deployment SKU such as GlobalStandard", r"[A-Za-z]{1,64}"),
    ] = "GlobalStandard"
    """Where calls are processed, and how they are paid."""
    capacity: Annotated[int, whole("1,000 tokens per minute", 1, 1_000_000)]
    """Thousands of tokens a minute; of a provisioned SKU, its units."""
    upgrade: Annotated[
        str, one_of("NoAutoUpgrade", "OnceCurrentVersionExpired", "OnceNewDefaultVersionAvailable")
    ] = "NoAutoUpgrade"
    """When Azure may move the version by itself."""
    content_filter: Annotated[str, matching(FILTER_CHOICE, FILTER_PATTERN, optional=True)] = ""
    """Content filter of the deployment; empty leaves the choice to Azure."""
    spillover: Annotated[str, matching(DEPLOYMENT_NAME, DEPLOYMENT_PATTERN, optional=True)] = ""
    """Standard deployment of the account that answers what is too much for a provisioned one."""
    existing: bool = False
    """Use the deployment of that name which an existing account has, and leave it as it is."""

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


def check_spillover(deployments: Iterable[Deployment]) -> None:
    """Refuse a spillover that Azure would refuse.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/spillover-traffic-management

    Raises:
        ValueError: it is not from a provisioned to a standard deployment of the same model and
            version.
    """
    named = {one.name.lower(): one for one in deployments}
    for one in named.values():
        if not one.spillover:
            continue
        other = named.get(one.spillover.lower())
        if (
            other is None
            or (one.model, one.version) != (other.model, other.version)
            or "provisioned" not in one.sku.lower()
            or "provisioned" in other.sku.lower()
        ):
            raise ValueError(
                f"spillover of {one.name}: the name of a deployment of the same account that is "
                "not provisioned, of the same model and version, beside a provisioned SKU"
            )


class Consumer(TokenHolder):
    """One caller of the API: a subscription to the product with keys of its own, or tokens."""

    name: ConsumerName
    """Name of the subscription, by which logs and reports call the consumer."""
    display_name: Text
    """Name that the portal shows."""
    state: Annotated[str, one_of("active", "suspended")] = "active"
    """A suspended consumer's calls are refused."""
    monthly_tokens: Tokens = 0
    """Budget of a month; 0 is none."""
    monthly_cost: Amount = 0
    """Budget of a month in US dollars; 0 is none."""
    plan: Annotated[str, matching(PLAN_NAME, PLAN_PATTERN, optional=True)] = ""
    """Name of its plan; empty is none."""
    limits: OwnLimits | None = None
    """What it may use other than its plan says."""
    refuse: bool = False
    """Refuse its calls, by a quota of the gateway, once monthlyTokens are used up."""
    key_readers: KeyReaders = ()
    """Who may read its key in keyVault, each with name, an object id of Microsoft Entra, and type:
    ServicePrincipal, Group or User.
    """
    expires: Annotated[str, dated(LAST_DAY, "", optional=True)] = ""
    """Last day (UTC) on which it may call; empty is none."""
