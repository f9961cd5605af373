"""Several accounts behind one API, and what one account of the short keys is among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from components.settings.constraints import (
    Constraint,
    Frozen,
    existing,
    matching,
    named_once,
    one_of,
    whole,
)
from components.settings.content_filter import check_named
from components.settings.copies import SETTING_NAME, SETTING_PATTERN
from components.settings.items import Deployment, check_spillover
from queries.contract import OPENAI, is_provisioned

ACCOUNT_NAME = "2 to 64 lower-case letters, digits and hyphens, no hyphen at either end"
ACCOUNT_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}[a-z0-9]"
SHORT_NAME = "2 to 20 lower-case letters and digits, and not pool, gateway or account"
OptionalSetting = Annotated[str, matching(SETTING_NAME, SETTING_PATTERN, optional=True)]
ACCOUNTS = "Microsoft.CognitiveServices/accounts"
KINDS = (OPENAI, "AIServices")
"""Kinds of account to create; the second is a Foundry resource.

https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai
"""
POOL_LIMIT = 30
"""Most backends in a pool of API Management.

https://learn.microsoft.com/azure/api-management/backends#load-balanced-pool
"""
ACCOUNT_SETTING = "OpenAI Diagnostic Setting"
REGION = "an Azure region such as eastus"
REGION_PATTERN = r"[A-Za-z][A-Za-z0-9 ]{0,38}[A-Za-z0-9]"
SOME_OR_ACCOUNTS = Constraint(
    named_once("deployment").allowed, named_once("deployment", optional=True).check
)
"""Deployments of the short keys; `check_beside` wants at least one where there are no accounts."""


def without_blanks(region: str) -> str:
    """Return a region as Azure names it: `East US` is `eastus`."""
    return region.replace(" ", "").lower()


class Account(Frozen):
    """One of several accounts behind the API."""

    name: Annotated[str, matching(SHORT_NAME, r"(?!(pool|gateway|account)$)[a-z0-9]{2,20}")]
    """Short name, by which stack, logs and reports call the account."""
    id: Annotated[str, existing(ACCOUNTS)] = ""
    """ARM id of an existing account; empty creates one."""
    kind: Annotated[str, one_of(*KINDS)] = OPENAI
    """Kind of the account to create: OpenAI, or AIServices for a Foundry resource."""
    keys: Annotated[str, one_of("refuse", "allow")] = "refuse"
    """allow lets an existing account take its keys; an account to create takes none."""
    account_name: Annotated[str, matching(ACCOUNT_NAME, ACCOUNT_PATTERN, optional=True)] = ""
    """Name and subdomain of the account to create; empty gives oai-, the short name and a random
    suffix.
    """
    location: Annotated[
        str,
        matching(REGION, REGION_PATTERN, optional=True),
        AfterValidator(without_blanks),
    ] = ""
    """Azure region; empty is the stack's."""
    deployments: Annotated[tuple[Deployment, ...], named_once("deployment")] = Field(
        default=(), validate_default=True
    )
    """Model deployments; those of one name in several accounts answer for each other."""
    priority: Annotated[int, whole("rank", 1, 100)] = 1
    """Rank: accounts of the lowest number are called while they answer."""
    weight: Annotated[int, whole("weight", 1, 100)] = 1
    """Share of the calls among accounts of one rank."""
    diagnostic_setting_name: OptionalSetting = ACCOUNT_SETTING
    """Name of the account's diagnostic setting; empty if an existing account has one."""

    @model_validator(mode="after")
    def _fits_what_exists(self) -> Self:
        """Refuse what a new account cannot have, and a name for one that exists."""
        check_existing(self.id, self.deployments, "id")
        check_publishers(self.id, self.kind, self.deployments, "kind")
        if self.id and self.account_name:
            raise ValueError("no accountName beside id, which names an existing account")
        if self.id and self.kind != OPENAI:
            raise ValueError("no kind beside id, as an existing account keeps its own")
        if not self.id and self.keys == "allow":
            raise ValueError("keys: allow only beside id, as a new account takes no keys")
        if not self.id and not self.diagnostic_setting_name:
            raise ValueError("a diagnosticSettingName; empty only beside id")
        return self


def checked(accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    """Refuse one deployment name for several models: callers could not tell which one answers.

    Raises:
        ValueError: two accounts have another model or version under one deployment name, one has a
            spillover that cannot be, one account is listed twice, or one name needs too long a
            pool.
    """
    check_each_once(accounts)
    models: dict[str, tuple[str, str, str]] = {}
    for account in accounts:
        check_spillover(account.deployments)
        for one in account.deployments:
            model = models.setdefault(one.name.lower(), (one.format, one.model, one.version))
            if model != (one.format, one.model, one.version):
                raise ValueError(
                    f"deployments of one name have one model and version in every account; "
                    f"{one.name} has {' '.join(model)} and {one.format} {one.model} {one.version}"
                )
    return accounts


def check_each_once(accounts: tuple[Account, ...]) -> None:
    """Refuse an account that is listed twice, and more accounts than a pool takes.

    Raises:
        ValueError: an id or accountName is given twice, whatever its letter case, or a deployment
            name is given in more accounts than `POOL_LIMIT`.
    """
    named = Counter(one.account_name for one in accounts if one.account_name)
    ids = Counter(one.id.lower() for one in accounts if one.id)
    if twice := [name for name, times in (*ids.items(), *named.items()) if times > 1]:
        raise ValueError(f"each account once; given twice: {', '.join(twice)}")
    serving = Counter(one.name.lower() for account in accounts for one in account.deployments)
    if many := [name for name, times in serving.items() if times > POOL_LIMIT]:
        raise ValueError(
            f"at most {POOL_LIMIT} accounts with one deployment name, as a gateway's pool takes no "
            f"more backends; given in more: {', '.join(many)}"
        )


def check_deployments(value: tuple[Deployment, ...], data: Mapping[str, Any]) -> None:
    """Judge the deployments of the short keys, and filters of all, by the keys before them.

    Raises:
        ValueError: deployments do not fit `accounts`, `accountId`, each other or `contentFilters`.
    """
    accounts = data.get("accounts")
    check_beside(accounts, value)
    check_spillover(value)
    if "account_id" in data:
        check_existing(data["account_id"], value, "accountId")
        check_publishers(data["account_id"], data.get("account_kind"), value, "accountKind")
    if "content_filters" in data:
        every = [*value, *(one for account in accounts or () for one in account.deployments)]
        check_named((one.content_filter for one in every), data["content_filters"])


def check_empty(
    accounts: tuple[Account, ...] | None, value: object, default: object = None
) -> None:
    """Refuse a value of the short keys beside `accounts`, which is None if it is wrong itself.

    A key that is never empty has a `default` that may stand there.

    Raises:
        ValueError: both are given.
    """
    if accounts and value and value != default:
        raise ValueError(f'"{default or ""}", because accounts has them')


def check_beside(accounts: tuple[Account, ...] | None, value: tuple[Deployment, ...]) -> None:
    """Refuse deployments of the short keys beside `accounts`, and neither of the two.

    Raises:
        ValueError: both are given, or none.
    """
    check_empty(accounts, value)
    if accounts == () and not value:
        raise ValueError(SOME_OR_ACCOUNTS.allowed)


def every_deployment(accounts: tuple[Account, ...]) -> tuple[Deployment, ...]:
    """Return a deployment of each name that callers can choose, from the account with least room.

    Calls go to accounts of the best rank, to each its share: whoever calls no faster than the
    smallest capacity among them allows is not refused. Provisioned throughput counts last, as it
    has no tokens a minute.
    """
    named: dict[str, list[tuple[tuple[int, bool, int], Deployment]]] = {}
    for account in accounts:
        for one in account.deployments:
            room = (account.priority, is_provisioned(one.sku), one.capacity)
            named.setdefault(one.name.lower(), []).append((room, one))
    return tuple(min(some, key=lambda each: each[0])[1] for some in named.values())


def check_existing(account_id: str, deployments: tuple[Deployment, ...], key: str) -> None:
    """Refuse `existing` deployments of a new account, and of those a filter; `key` has the id.

    Raises:
        ValueError: a deployment is said to exist that cannot, or is to be changed.
    """
    there = [one for one in deployments if one.existing]
    if there and not account_id:
        raise ValueError(f"existing: true only beside {key}, as a new account has none")
    if changed := [one.name for one in there if one.content_filter]:
        raise ValueError(
            "existing: true without contentFilter, as the deployment keeps the filter that it "
            f"has; given for: {', '.join(changed)}"
        )


def check_publishers(
    account_id: str, kind: str | None, deployments: tuple[Deployment, ...], key: str
) -> None:
    """Refuse models of other publishers in a new account of kind OpenAI; `key` has the kind.

    Raises:
        ValueError: a deployment names another publisher.
    """
    others = [one.name for one in deployments if one.format != OPENAI]
    if others and not account_id and kind == OPENAI:
        raise ValueError(
            f"format OpenAI; models of other publishers need {key} AIServices; given for: "
            f"{', '.join(others)}"
        )


def only_account(
    account_id: str,
    account_name: str,
    keys: str,
    deployments: tuple[Deployment, ...],
    diagnostic_setting_name: str,
    kind: str,
) -> Account:
    """Return the account of the short keys, in the stack's region and without a short name."""
    return Account.model_construct(
        name="",
        id=account_id,
        kind=kind,
        keys=keys,
        account_name=account_name,
        location="",
        deployments=deployments,
        priority=1,
        weight=1,
        diagnostic_setting_name=diagnostic_setting_name,
    )
