"""Retry every Azure resource, a bounded number of times, after an error that time may resolve.

The azure-native provider itself waits out 408, 429, 5xx and cut connections three times, over 200
seconds, and no conflict but `AnotherOperationInProgress`; an error seen here has outlived that.
https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/azure/client_azcore.go
"""

from __future__ import annotations

import asyncio
import re

import pulumi

from components.azure import stay

HOOK = "wait-and-retry"
"""Name of the error hook; each resource's state holds it."""

CONFLICT_ATTEMPTS = 10
"""Failures in a row after which a conflict is final: three minutes of waiting."""

OUTAGE_ATTEMPTS = 4
"""Failures in a row after which an outage is final: the provider has waited minutes at each."""

LONGEST_WAIT_SECONDS = 30
LONGEST_TOLD_WAIT_SECONDS = 600
"""Longest wait that Azure may ask for; one of 372 seconds has been seen.

https://github.com/Azure/azqr/issues/34
"""

CONFLICTS = (
    # Another change to the same API is under way; at times the code says no more than "Conflict".
    # https://github.com/Azure/apiops-cli/issues/252
    # https://github.com/Azure/apiops/pull/787
    "PessimisticConcurrencyConflict",
    "Operation on the API is in progress",
    # The service's own management endpoint did not answer.
    # https://github.com/Azure/apiops/issues/497
    "ManagementApiRequestFailed",
    # The gateway is being activated, changed or deleted.
    # https://github.com/Azure/apiops (its integration tests wait it out)
    "ServiceLocked",
    "is transitioning at this time",
    # Two subscriptions are written at once, of the same user or product.
    # https://github.com/hashicorp/terraform-provider-azurerm/issues/8571
    # https://github.com/hashicorp/terraform-provider-azurerm/issues/8303
    "PreconditionFailed",
    # Another change to the same Azure OpenAI account, or to one of its deployments, is under way.
    # https://github.com/hashicorp/terraform-provider-azurerm/issues/22607
    "RequestConflict",
    # A new account is not ready in the eyes of every service.
    # https://github.com/hashicorp/terraform-provider-azurerm/issues/31712
    "AccountProvisioningStateInvalid",
    # A new identity has not spread through the directory.
    # https://github.com/Azure/avdaccelerator/issues/99
    "PrincipalNotFound",
    # Another saved search of the same workspace is being written.
    # https://github.com/ssc-spc-ccoe-cei/azure-guardrails-solution-accelerator/pull/61
    "Newer data exists in the Customer Configuration Store",
    # Two writes of one entity, at the resource manager.
    # https://github.com/pulumi/pulumi-azure-native/pull/4497
    "ConflictingConcurrentWriteNotAllowed",
)
"""Words of a refusal that changed nothing, and that may not come again for the same request."""

OUTAGE = re.compile(
    # https://github.com/Azure/azure-sdk-for-go/blob/main/sdk/azcore/runtime/policy_retry.go
    r"(Status=|status code )(408|429|500|502|503|504)\b"
    # https://pkg.go.dev/net/url#Error
    r'|(Get|Head|Put|Patch|Post|Delete) "https://'
)
"""Signs that Azure is too busy, or was not reached: a status, or words of Go's HTTP client."""

QUOTA = re.compile(r"\w*quota\w*", re.IGNORECASE)
"""Sign of a limit of the subscription, whatever the status: only a person can raise that.

https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota
"""

NAMES = re.compile(r"/subscriptions/[^\s\"]+|https://[^\s\"]+|'[^']*'|[\w.()]*(-[\w.()]+)+")
"""Ids, addresses, quoted names and names with hyphens: the words in these are not Azure's."""

PARTIAL = re.compile(r"\d+ errors? occurred:")
"""Beginning of an error that comes with the state of what Azure has made.

A second attempt would meet `cannot create already existing resource`, and the engine would forget
that state. So there is none: the engine keeps the state, and the next `pulumi up` updates it.
https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/plugin/provider_plugin.go
"""

TOLD = re.compile(r"(?:try|retry)(?: again)? after '?(\d+)'? seconds?", re.IGNORECASE)
"""`Please try again after '6' seconds`: https://github.com/MicrosoftDocs/azure-docs/issues/105248"""


def attempts(error: str) -> int:
    """Return how often in a row an operation may fail with an error; 1 if time does not help.

    >>> attempts('Status=409 Code="PessimisticConcurrencyConflict"')
    10
    >>> attempts('Status=503 Code="ServiceUnavailable"')
    4
    >>> attempts('Status=403 Code="AuthorizationFailed"')
    1
    """
    if PARTIAL.match(error) or QUOTA.search(NAMES.sub("", error)):
        return 1
    if any(words in error for words in CONFLICTS):
        return CONFLICT_ATTEMPTS
    return OUTAGE_ATTEMPTS if OUTAGE.search(error) else 1


def wait_seconds(error: str, failures: int) -> float:
    """Return the seconds to wait after `failures` in a row: as Azure says, or 1, 2, 4 … 30.

    >>> wait_seconds("Status=429: Please try again after '6' seconds", failures=1)
    6.0
    >>> wait_seconds("Status=503", failures=3)
    4.0
    """
    told = TOLD.search(error)
    return float(told[1]) if told else float(min(2 ** (failures - 1), LONGEST_WAIT_SECONDS))


async def wait_and_retry(args: pulumi.ErrorHookArgs) -> bool:
    """Wait, and ask the engine for another attempt, if time may resolve the newest error."""
    error, failures = args.errors[0], len(args.errors)
    most, wait = attempts(error), wait_seconds(error, failures)
    if failures >= most or wait > LONGEST_TOLD_WAIT_SECONDS:
        return False
    pulumi.log.info(
        f"{args.name}: {args.failed_operation} waits {wait:g} s for attempt {failures + 1} of "
        f"{most}: {error.strip()}"
    )
    await asyncio.sleep(wait)
    return True


def everywhere() -> None:
    """Bind `wait_and_retry` to every Azure resource that the program declares from here on.

    The program then stays until the last of them is done: it is the program that waits.
    """
    pulumi.run(stay.until_done)
    hooks = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(HOOK, wait_and_retry)])

    def bind(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("azure-native"):
            return None
        args.opts.hooks = pulumi.ResourceHookBinding.merge(args.opts.hooks, hooks)
        return pulumi.ResourceTransformationResult(args.props, args.opts)

    pulumi.runtime.register_stack_transformation(bind)
