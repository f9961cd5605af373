"""Hold a whole `pulumi destroy` back, before it has deleted anything, while `protect` is on.

The engine refuses to delete a protected resource when that resource's turn comes, which is last;
`--skip-preview` gives all others up before. So a component stands in front: it depends on every
other one, so its turn comes first, and its hook refuses. A destroy that does not run the program
knows no hook, and is refused by the engine, in the words of the hook's name.
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/step.go (`DeleteStep.Apply`)
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/deployment_executor.go
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

HOOK = "protect is on: run `pulumi config set protect false` and `pulumi up` first"
"""Name of the hook: the engine shows this, and nothing else, if the program does not run."""


class Protection(pulumi.ComponentResource):
    """What is deleted before all else, and refuses to be."""

    def __init__(self, name: str, after: Sequence[pulumi.Resource], hook: pulumi.ResourceHook):
        """Stand before `after`, and before whatever those depend on."""
        binding = pulumi.ResourceHookBinding(before_delete=[hook])
        options = pulumi.ResourceOptions(depends_on=list(after), hooks=binding)
        super().__init__("aoai:index:Protection", name, None, options)
        self.register_outputs({})


def declare(after: Sequence[pulumi.Resource], *, protect: bool) -> None:
    """Hold back with `protect`; without it, let go what held back until now."""

    def refuse(_: pulumi.ResourceHookArgs) -> None:
        if protect:
            raise pulumi.RunError(HOOK)

    hook = pulumi.ResourceHook(HOOK, refuse)
    if protect:
        Protection("protection", after, hook)
