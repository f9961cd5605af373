"""Declare many resources one after another, at a cost that grows with them alone."""

from __future__ import annotations

import pulumi
from pulumi.resource import DependencyResource


class Queue:
    """A queue of resources, each of which depends on the one before.

    The engine learns of these dependencies what it learns by `depends_on=[previous]`. The SDK walks
    all that a resource given there depends on, by recursion: the thousandth walks 999, and fails. A
    URN alone is walked no further.
    https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/runtime/resource_cycle_breaker.py
    """

    def __init__(self) -> None:
        self.last: pulumi.Resource | None = None

    def join(self, options: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """Return the options of the next resource: it waits for the last one."""
        if self.last is None:
            return options
        after = pulumi.ResourceOptions(depends_on=[_registered(self.last)])
        return pulumi.ResourceOptions.merge(options, after)


async def _registered(resource: pulumi.Resource) -> pulumi.Resource:
    """Wait until the engine has done with a resource; return what names it, and no more."""
    urn = await resource.urn.future()
    if urn is None:
        raise ValueError("the engine gave a resource no URN")
    return DependencyResource(urn)
