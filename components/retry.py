"""A bounded retry of the conflicts that the azure-native provider gives up on at once."""

from __future__ import annotations

import asyncio

import pulumi

CONFLICTS = (
    # Another change to the same API is under way; at times the code says no more than "Conflict".
    # https://github.com/Azure/apiops-cli/issues/252
    # https://github.com/Azure/apiops/pull/787
    "PessimisticConcurrencyConflict",
    "Operation on the API is in progress",
    # The service's own management endpoint did not answer.
    # https://github.com/Azure/apiops/issues/497
    "ManagementApiRequestFailed",
    # Two subscriptions touch the same user at once.
    # https://github.com/hashicorp/terraform-provider-azurerm/issues/8571
    "PreconditionFailed",
    # Another change to the same Azure OpenAI account is under way.
    # https://github.com/hashicorp/terraform-provider-azurerm/issues/22607
    "RequestConflict",
)
"""Words of errors that say that the same request may succeed later."""

ATTEMPTS = 10
"""Failures after which the error stands."""

LONGEST_WAIT_SECONDS = 30


def wait_seconds(failures: int) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4 … 30."""
    return float(min(2 ** (failures - 1), LONGEST_WAIT_SECONDS))


def is_conflict(error: str) -> bool:
    """Whether an error of the provider is one that time alone resolves."""
    return any(words in error for words in CONFLICTS)


async def retry_conflict(args: pulumi.ErrorHookArgs) -> bool:
    """Error hook: wait and ask for another attempt if the newest error is a conflict."""
    failures = len(args.errors)
    if failures >= ATTEMPTS or not is_conflict(args.errors[0]):
        return False
    await asyncio.sleep(wait_seconds(failures))
    return True


def conflict_retry(owner: str) -> pulumi.ResourceHookBinding:
    """Hooks for the resources of the component called `owner`, whose name the hook carries."""
    return pulumi.ResourceHookBinding(
        on_error=[pulumi.ErrorHook(f"{owner}-conflict-retry", retry_conflict)]
    )
