"""Keep the program up until all that it declared is done: the engine calls the hooks inside it.

The SDK waits for registrations and for outputs. Of outputs it bears those of a resource that
failed; at the first registration that takes one in, it ends the program, whatever else is under
way. It waits for outputs first only if no registration had begun when the program's code ended,
so not once the program has waited for anything, as preflight and what exists already make it do.
Hooks then answer no more, and an operation that waits for another attempt fails. Only
`--continue-on-error` shows it: without that, the engine leaves a failed registration unanswered.
https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/lib/pulumi/runtime/stack.py
(`wait_for_rpcs`, `ResourceRegistrationFailed`)
"""

from __future__ import annotations

import asyncio

from pulumi.runtime import settings


async def until_done() -> None:
    """Wait for every registration and output, failed ones too, of which the SDK then tells."""
    await asyncio.sleep(0)  # What was declared last begins.
    while under_way := _under_way():
        await asyncio.wait(under_way)


def _under_way() -> list[asyncio.Future[object]]:
    known = settings.SETTINGS
    with known.lock:
        return [one for one in (*known.rpc_manager.rpcs, *known.outputs) if not one.done()]
