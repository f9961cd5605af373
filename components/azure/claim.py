"""Refuse, in the preview already, to create what Azure has and the stack does not.

The provider refuses that too, but only when it creates, and says no more than `cannot create
already existing resource`.
https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from components.azure import lookup, own_state

ORPHANS = "adopt:orphans"
"""Configuration by which `tools.adopt` previews the creation of what a cut-off update made."""


def only_new(
    name: str,
    function: str,
    path: tuple[str, ...],
    refusal: Callable[[str], str],
    *,
    holder: str,
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None,
) -> pulumi.ResourceHookBinding:
    """Return the hook that looks, by a `get` function, before a resource is created.

    `path` names the inputs that the function takes, the resource's own name last, with which
    `refusal` writes the error. The engine runs the hook for creations alone. One that takes the
    place of a resource of the stack, which a preview does not delete, is let through: the state has
    its URN, and `holder`, a component as `TYPE::NAME`, has the id in the state in which it lies.
    """

    async def look(args: pulumi.ResourceHookArgs) -> None:
        given = args.new_inputs or {}
        asked = {key: given[key] for key in path}
        found = await lookup.ask(function, asked, gone=dict, parent=parent, provider=provider)
        if found and not (pulumi.runtime.is_dry_run() and (adopts() or await own(args.urn, found))):
            raise pulumi.RunError(refusal(str(given[path[-1]])))

    async def own(urn: str, found: Mapping[str, Any]) -> bool:
        held = await own_state.told()
        # An update that was cut off has no outputs of a component; its creations are told by URN.
        place = own_state.by_name(held).get(holder, {}).get("id")
        inside = not place or found["id"].lower().startswith(f"{place}/".lower())
        return urn in held and inside

    def adopts() -> bool:
        return str(pulumi.runtime.get_config(ORPHANS)) == "true"

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    return pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook(name, look, options)])
