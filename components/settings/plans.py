"""What a consumer may use: plans that refuse, by the gateway's own statements, and own values.

https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from components.settings.constraints import Frozen, each_once, matching, one_of, whole
from queries.contract import MONTHLY

PLAN_NAME = "1 to 40 letters, digits and hyphens, no hyphen at either end"
PLAN_PATTERN = r"[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?"
PERIODS = ("Hourly", "Daily", "Weekly", "Monthly", "Yearly")
"""Windows after which a quota of tokens begins anew.

https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#attributes
"""
READ_BYTES = 2_000_000
"""Most bytes of a body that policies of every tier read: the v2 tiers hold 2 MiB.

https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-gateway-constraints.md
"""
MOST_TOKENS = 1_000_000_000
"""Most tokens a minute that a plan may allow; a `tokens-per-minute` is an int of .NET."""
Models = Annotated[
    tuple[Annotated[str, matching("the name of a deployment", r"[A-Za-z0-9][\w.-]{1,63}")], ...],
    each_once("deployment names"),
]


class OwnLimits(Frozen):
    """What a consumer may use other than its plan says."""

    tokens_per_minute: Annotated[int | None, whole("tokens", 0, MOST_TOKENS)] = None
    """Tokens a minute; 0 is no limit, and left out the plan's holds."""
    token_quota: Annotated[int | None, whole("tokens", 0, 10**15)] = None
    """Tokens of a quota's period; 0 is no quota, and left out the plan's holds."""
    calls_per_minute: Annotated[int | None, whole("calls", 0, 1_000_000)] = None
    """Calls a minute; 0 is no limit, and left out the plan's holds."""
    prompt_bytes: Annotated[int | None, whole("bytes", 0, READ_BYTES)] = None
    """Most bytes of a call's body; 0 is no limit, and left out the plan's holds."""


class Plan(Frozen):
    """What each consumer of a plan may use; the gateway refuses what is more."""

    name: Annotated[str, matching(PLAN_NAME, PLAN_PATTERN)]
    """Name by which consumers choose it."""
    tokens_per_minute: Annotated[int, whole("tokens", 0, MOST_TOKENS)] = 0
    """Tokens a minute of prompts and answers, then 429; 0 is no limit."""
    token_quota: Annotated[int, whole("tokens", 0, 10**15)] = 0
    """Tokens of a period, then 403 until it ends; 0 is no quota."""
    token_quota_period: Annotated[str, one_of(*PERIODS)] = MONTHLY
    """Period of the quota."""
    calls_per_minute: Annotated[int, whole("calls", 0, 1_000_000)] = 0
    """Calls a minute, then 429; 0 is no limit."""
    models: Models = ()
    """Deployments that it may call, else 403; empty allows all."""
    prompt_bytes: Annotated[int, whole("bytes", 0, READ_BYTES)] = 0
    """Most bytes of a call's body, else 413; 0 is no limit."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one consumer may use, of its plan and of its own; 0 or empty is no limit."""

    tokens_per_minute: int = 0
    token_quota: int = 0
    token_quota_period: str = MONTHLY
    calls_per_minute: int = 0
    models: tuple[str, ...] = ()
    prompt_bytes: int = 0

    @property
    def some(self) -> bool:
        """Tell whether anything is refused."""
        return any(
            (
                self.tokens_per_minute,
                self.token_quota,
                self.calls_per_minute,
                self.models,
                self.prompt_bytes,
            )
        )


class Limited(Protocol):
    """What of a consumer says how much it may use."""

    @property
    def name(self) -> str:
        """Return the name of the subscription."""

    @property
    def plan(self) -> str:
        """Return the plan's name; "" for none."""

    @property
    def limits(self) -> OwnLimits | None:
        """Return the consumer's own values; None if it has none."""

    @property
    def refuse(self) -> bool:
        """Tell whether the monthly budget of tokens refuses."""

    @property
    def monthly_tokens(self) -> int:
        """Return the budget of a month; 0 for none."""


def limits_of(consumer: Limited, plans: Iterable[Plan]) -> Limits:
    """Return what a consumer may use: its own values before its plan's, a budget as a quota."""
    plan = next((one for one in plans if one.name.lower() == consumer.plan.lower()), None)
    given: dict[str, Any] = plan.model_dump(exclude={"name"}) if plan else {}
    given |= consumer.limits.model_dump(exclude_none=True) if consumer.limits else {}
    if consumer.refuse:
        given |= {"token_quota": consumer.monthly_tokens, "token_quota_period": MONTHLY}
    return Limits(**given)


def grouped(
    consumers: Iterable[Limited], plans: Sequence[Plan]
) -> tuple[tuple[Limits, tuple[str, ...]], ...]:
    """Return each set of limits with the consumers that have it, in the stack file's order."""
    found: dict[Limits, list[str]] = {}
    for consumer in consumers:
        limits = limits_of(consumer, plans)
        if limits.some:
            found.setdefault(limits, []).append(consumer.name)
    return tuple((limits, tuple(names)) for limits, names in found.items())


def check_plans(plans: Iterable[Plan], data: Mapping[str, Any]) -> None:
    """Refuse a plan that limits nothing, or names a deployment that there is not.

    Raises:
        ValueError: the message names plan and deployment.
    """
    listed = [one for each in data.get("accounts") or () for one in each.deployments]
    known = {one.name.lower() for one in (*data.get("deployments", ()), *listed)}
    for plan in plans:
        if not Limits(**plan.model_dump(exclude={"name"})).some:
            raise ValueError(
                f"plan {plan.name}: at least one of tokensPerMinute, tokenQuota, callsPerMinute, "
                "models and promptBytes"
            )
        if missing := [one for one in plan.models if known and one.lower() not in known]:
            raise ValueError(
                f"models of plan {plan.name}: names of deployments, as callers choose them; there "
                f"is no {', '.join(missing)}"
            )


def check_consumers(consumers: Iterable[Limited], data: Mapping[str, Any]) -> None:
    """Refuse a plan that is not among `plans`, and a budget that refuses and is none or is two.

    Raises:
        ValueError: the message names the consumer.
    """
    if "plans" not in data:
        return
    plans = {one.name.lower(): one for one in data["plans"]}
    for one in consumers:
        plan = plans.get(one.plan.lower())
        if one.plan and plan is None:
            names = ", ".join(each.name for each in plans.values()) or "none"
            raise ValueError(f"plan of {one.name}: the name of one of plans ({names})")
        if one.refuse and not one.monthly_tokens:
            raise ValueError(
                f"refuse of {one.name}: true only beside monthlyTokens; dollars are known from the "
                "logs alone, and refuse nothing"
            )
        own = one.limits.token_quota if one.limits else None
        quota = own if own is not None else plan.token_quota if plan else 0
        if one.refuse and quota:
            raise ValueError(
                f"refuse of {one.name}: a consumer has one quota, either that of monthlyTokens or "
                "a tokenQuota; limits.tokenQuota 0 leaves the plan's out"
            )
