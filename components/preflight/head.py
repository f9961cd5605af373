"""Preflight at the head of `pulumi up`: nothing is created where Azure would refuse a part."""

from __future__ import annotations

import pulumi

from components.azure import lookup, own_state
from components.azure.environment import AzureEnvironment
from components.preflight.plan import Held, Plan, from_engine
from components.settings.stack import Settings

OF_DEPLOYMENTS = {"models", "model", "quota"}
"""Lines on what deployments need."""
SECONDS = 60.0
"""Most seconds that `pulumi up` waits for Azure's answers."""
ENDS = (
    "Nothing was changed. Ask again by `python -m components.preflight`; to deploy in spite of it: "
    "pulumi config set preflight false"
)
HOOK = "preflight"
MADE = ("azure-native", "random:")
"""How types begin of what is created for good: all but components and providers."""
AGAIN = "refused, as another resource's error says in full"


def refuse_early(settings: Settings, environment: AzureEnvironment) -> bool:
    """Ask Azure before the first resource is declared; do nothing in a preview.

    Return whether the deployments can be had, as far as that can be known: if not, the gateway is
    to wait for them. To wait always would cost every first `up` a minute or more, and a tier that
    takes minutes a third of its time: docs/preflight.md has the measures.

    A preview needs no credentials and asks nothing. An update that creates nothing asks only the
    engine for the stack's state. What is wrong stops the first creation or change, not the
    program: `pulumi destroy --run-program` of a stack that is half gone runs it too.

    Raises:
        pulumi.RunError: Azure would refuse what is to take the place of something, which the engine
            deletes first.
    """
    if not settings.preflight or pulumi.runtime.is_dry_run():
        return settings.preflight
    held = _held()
    if held is None:
        return False
    plan = Plan(settings=settings, held=held)
    return not plan.creates or _judge(plan, environment)


def _held() -> tuple[Held, ...] | None:
    """Return what the stack has by its state, or None if the engine does not tell."""
    try:
        held = lookup.wait(own_state.told())
    except pulumi.RunError as error:
        pulumi.log.warn(f"preflight: nothing verified: {error}")
        return None
    return tuple(from_engine(held))


def _judge(plan: Plan, environment: AzureEnvironment) -> bool:
    # Loading takes half a second, which no preview is to pay for.
    from components.preflight.ask import azure_of  # noqa: PLC0415
    from components.preflight.judge import judged  # noqa: PLC0415
    from components.preflight.lines import told, verdict  # noqa: PLC0415

    try:
        client = lookup.wait(lookup.ask("authorization:getClientConfig", {}, gone=dict))
        token = lookup.wait(lookup.ask("authorization:getClientToken", {}, gone=dict))
        identity = str(client["subscriptionId"]), SECONDS, str(token["token"])
    except Exception as error:  # noqa: BLE001 the provider's errors have no type of their own
        pulumi.log.warn(f"preflight: nothing verified, as no identity is told: {error}")
        return False
    lines = judged(plan, azure_of(environment, *identity))
    text = "\n".join(told(lines))
    if verdict(lines) == "wrong":
        refusal = f"Azure would refuse this stack.\n{text}\n{ENDS}"
        if plan.replaces:
            raise pulumi.RunError(
                f"preflight: {refusal}. `pulumi destroy` works without --run-program"
            )
        _refuse_changes(refusal)
    elif text:
        pulumi.log.warn(f"preflight: not all is verified.\n{text}")
    doubted = {line.id.split(":")[0] for line in lines if line.status == "unverified"}
    return not doubted & OF_DEPLOYMENTS


def _refuse_changes(refusal: str) -> None:
    """Let every creation and change of a resource fail, the first with the whole reason."""
    said: list[str] = []

    def refuse(_: pulumi.ResourceHookArgs) -> None:
        said.append(AGAIN if said else refusal)
        raise pulumi.RunError(said[-1])

    hook = pulumi.ResourceHook(HOOK, refuse)
    hooks = pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])

    def bind(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith(MADE):
            return None
        args.opts.hooks = pulumi.ResourceHookBinding.merge(args.opts.hooks, hooks)
        return pulumi.ResourceTransformationResult(args.props, args.opts)

    pulumi.runtime.register_stack_transformation(bind)
