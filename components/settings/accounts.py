"""Several accounts behind one API, and what one account of the short keys is among them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.constraints import Constraint, Frozen, matching, named_once, whole
from components.settings.items import Deployment

ACCOUNT_NAME = "2 to 64 lower-case letters, digits and hyphens, no hyphen at either end"
ACCOUNT_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}[a-z0-9]"
SHORT_NAME = "2 to 20 lower-case letters and digits, and not pool"
SETTING_NAME = r"1 to 260 characters without < > * % & : \ ? + /"
SETTING_PATTERN = r"[^<>*%&:\\?+/]{1,260}"
SettingName = Annotated[str, matching(SETTING_NAME, SETTING_PATTERN)]
ACCOUNT_SETTING = "OpenAI Diagnostic Setting"
REGION = "an Azure region such as eastus"
SOME_OR_ACCOUNTS = Constraint(
    named_once("deployment").allowed, named_once("deployment", optional=True).check
)
"""Deployments of the short keys; `check_beside` wants at least one where there are no accounts."""


def without_blanks(region: str) -> str:
    """Return a region as Azure names it: `East US` is `eastus`."""
    return region.replace(" ", "").lower()


class Account(Frozen):
    """One of several accounts behind the API."""

    name: Annotated[str, matching(SHORT_NAME, r"(?!pool$)[a-z0-9]{2,20}")]
    """Short name, by which stack, logs and reports call the account."""
    account_name: Annotated[str, matching(ACCOUNT_NAME, ACCOUNT_PATTERN, optional=True)] = ""
    """Name and subdomain in Azure; empty gives oai-, the short name and a random suffix."""
    location: Annotated[
        str,
        matching(REGION, r"[A-Za-z0-9 ]{2,40}", optional=True),
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
    diagnostic_setting_name: SettingName = ACCOUNT_SETTING
    """Name of the account's diagnostic setting."""


def check_alike(accounts: tuple[Account, ...]) -> None:
    """Refuse one deployment name for several models: callers could not tell which one answers.

    Raises:
        ValueError: two accounts have another model or version under one deployment name.
    """
    models: dict[str, tuple[str, str]] = {}
    for account in accounts:
        for one in account.deployments:
            model = models.setdefault(one.name.lower(), (one.model, one.version))
            if model != (one.model, one.version):
                raise ValueError(
                    f"deployments of one name have one model and version in every account; "
                    f"{one.name} has {' '.join(model)} and {one.model} {one.version}"
                )


def check_empty(accounts: tuple[Account, ...] | None, value: object) -> None:
    """Refuse a value of the short keys beside `accounts`, which is None if it is wrong itself.

    Raises:
        ValueError: both are given.
    """
    if accounts and value:
        raise ValueError('"", because accounts has them')


def check_beside(accounts: tuple[Account, ...] | None, value: tuple[Deployment, ...]) -> None:
    """Refuse deployments of the short keys beside `accounts`, and neither of the two.

    Raises:
        ValueError: both are given, or none.
    """
    check_empty(accounts, value)
    if accounts == () and not value:
        raise ValueError(SOME_OR_ACCOUNTS.allowed)


def every_deployment(accounts: tuple[Account, ...]) -> tuple[Deployment, ...]:
    """Return a deployment of each name that callers can choose, from the first that has it."""
    named: dict[str, Deployment] = {}
    for account in accounts:
        for one in account.deployments:
            named.setdefault(one.name.lower(), one)
    return tuple(named.values())


def only_account(
    account_name: str, deployments: tuple[Deployment, ...], diagnostic_setting_name: str
) -> Account:
    """Return the account of the short keys, in the stack's region and without a short name."""
    return Account.model_construct(
        name="",
        account_name=account_name,
        location="",
        deployments=deployments,
        priority=1,
        weight=1,
        diagnostic_setting_name=diagnostic_setting_name,
    )
