"""Read through the provider what Azure may no longer have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Any, TypeVar

import pulumi
from pulumi.runtime.sync_await import _sync_await

Arguments = Mapping[str, pulumi.Input[str]]

T = TypeVar("T")
REMOVE = "or, to remove the stack, run `pulumi destroy` without --run-program"
GONE = "Status=404"
"""Part of the provider's error if Azure does not have the resource.

https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/azure/client_azcore.go
"""


async def ask(
    function: str,
    arguments: Arguments,
    *,
    gone: Callable[[], Any],
    parent: pulumi.Resource | None = None,
    provider: pulumi.ProviderResource | None = None,
) -> Any:
    """Call a function of the provider, and return its answer, or `gone()` if that is a 404.

    Return None while an argument is unknown. The SDK's own functions cannot be used for this: they
    leave an output behind that fails the program, even if the error is caught.

        path = {"resourceGroupName": "rg", "serviceName": "apim", "loggerId": "azuremonitor"}
        logger = await ask("apimanagement:getLogger", path, gone=dict)
    """
    options = pulumi.InvokeOptions(
        parent=parent, provider=provider, version=version("pulumi-azure-native")
    )
    token = f"azure-native:{function}"
    try:
        return await pulumi.runtime.invoke_async(token, dict(arguments), options)
    except Exception as error:
        if GONE not in str(error):
            raise
    return gone()


def read(function: str, arguments: Arguments, **more: Any) -> pulumi.Output[Any]:
    """Call a function of the provider as `ask` does, and return its answer as an output.

        path = {"resourceGroupName": "rg", "serviceName": "apim", "sid": subscription.name}
        key = read("apimanagement:listSubscriptionSecrets", path, gone=dict)["primaryKey"]

    The output is unknown while an argument is.
    """
    known: asyncio.Future[bool] = asyncio.get_event_loop().create_future()

    async def asked() -> Any:
        answer = await ask(function, arguments, **more)
        known.set_result(answer is not None)
        return answer

    return pulumi.Output(set(), asked(), known)


def wait(asked: Awaitable[T]) -> T:
    """Wait for what was asked, before the program goes on, and return it or raise its error."""
    return _sync_await(asked)


def given(
    function: str,
    arguments: Mapping[str, str],
    *,
    key: str,
    what: str,
    parent: pulumi.Resource | None = None,
    provider: pulumi.ProviderResource | None = None,
) -> Any:
    """Call a function of the provider for what the stack file's `key` names, and wait for it.

    The program ends here where `read` would end it later, among resources that are under way.

    Raises:
        pulumi.RunError: Azure does not have `what`, or does not show it to whoever deploys.
    """
    gone = missing(key, what)
    try:
        return wait(ask(function, arguments, gone=gone, parent=parent, provider=provider))
    except pulumi.RunError:
        raise
    except Exception as error:  # noqa: BLE001 the provider's errors have no type of their own
        said = " ".join(str(error).split())
    raise pulumi.RunError(
        f"{key}: {what} cannot be read: {said}; name one that whoever deploys may read, {REMOVE}"
    )


def missing(key: str, what: str) -> Callable[[], Any]:
    """Return a `gone` that ends the program, as the stack file's `key` names what does not exist.

    `pulumi destroy` without `--run-program` still works, as it does not run the program.
    """

    def refuse() -> Any:
        raise pulumi.RunError(f"{key}: {what} does not exist; name one that does, {REMOVE}")

    return refuse
