"""Functions of the provider that read what may be gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import pulumi

Arguments = Mapping[str, pulumi.Input[str]]

GONE = "Status=404"
"""How the provider tells that Azure does not have what was asked for.

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
    """What a function such as `apimanagement:getLogger` answers, or `gone()` if that is a 404.

    None while an argument is unknown. The SDK's own functions leave an output behind that fails the
    program whatever is done about it.
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
    """The same as an output."""
    known: asyncio.Future[bool] = asyncio.get_event_loop().create_future()

    async def asked() -> Any:
        answer = await ask(function, arguments, **more)
        known.set_result(answer is not None)
        return answer

    return pulumi.Output(set(), asked(), known)


def missing(key: str, what: str) -> Callable[[], Any]:
    """Refuse a stack file whose `key` names what does not exist.

    Only a program that runs can be refused: a destroy that does not run it goes on.
    """

    def refuse() -> Any:
        raise pulumi.RunError(
            f"{key}: {what} does not exist; name one that does, or, to remove the stack, run "
            "`pulumi destroy` without --run-program"
        )

    return refuse
