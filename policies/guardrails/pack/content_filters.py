"""Content filters: a deployment has Azure's own, or one of the stack that stops no less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config
from pack.resource import UNKNOWN, Resource, Stack, is_known
from pack.shapes import Shape, also_free, free, judge

ALSO = also_free(Kind.DEPLOYMENT, Kind.RAI_POLICY)
NAME, FILTERS = "properties.raiPolicyName", "properties.contentFilters"
AZURES_OWN = ("microsoft.default", "microsoft.defaultv2")
"""The filters that Azure has in every account; without a name it takes one of them."""
SHAPE: Shape = {
    **free("accountName", "raiPolicyName"),
    "properties": {
        "basePolicyName": AZURES_OWN,
        # Asynchronous filters, Deferred by its older name, tell of what the caller has read.
        # https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
        "mode": (None, "Default", "Blocking"),
        **free("contentFilters"),
    },
}
BOTH = ("Prompt", "Completion")
KEYS = {"name", "source", "enabled", "blocking", "severityThreshold", "action"}


@dataclass(frozen=True)
class Least:
    """What Azure's own filter does about one category, at least."""

    name: str
    source: str
    thresholds: tuple[str, ...] = ()
    """Severities from which on it may stop; none for what is found or not."""
    blocks: bool = True


# https://learn.microsoft.com/azure/foundry/openai/concepts/default-safety-policies
# The page lists protected code without an action; public copies of the filter annotate it.
LEAST = (
    *(
        Least(name, source, ("low", "medium"))
        for name in ("Hate", "Sexual", "Selfharm", "Violence")
        for source in BOTH
    ),
    Least("Jailbreak", "Prompt"),
    Least("Protected Material Text", "Completion"),
    Least("Protected Material Code", "Completion", blocks=False),
)


def none_weaker(stack: Stack, config: Config) -> Iterator[Finding]:
    """Stop harm from medium severity on, attacks on prompts, and answers that copy known texts.

    https://learn.microsoft.com/azure/foundry/openai/concepts/default-safety-policies
    """
    also = ALSO.read(config)
    for policy in stack.of_kind(Kind.RAI_POLICY):
        yield from judge(policy, SHAPE, also)
        if f"RaiPolicy.{FILTERS}" not in also:
            yield from _weaker(policy)
    if f"Deployment.{NAME}" not in also:
        for deployment in stack.of_kind(Kind.DEPLOYMENT):
            yield from _elsewhere(stack, deployment)


def _elsewhere(stack: Stack, deployment: Resource) -> Iterator[Finding]:
    """Find a filter that is neither Azure's nor of this stack and account: nobody judged it."""
    found = deployment.get(NAME)
    named = str(found or AZURES_OWN[0]).lower()
    judged = {
        str(policy.get("raiPolicyName")).lower()
        for policy in stack.of_kind(Kind.RAI_POLICY)
        if policy.shares(deployment, "accountName")
    }
    if found is UNKNOWN or named not in {*AZURES_OWN, *judged}:
        yield Finding(
            resource=deployment,
            path=NAME,
            found=found,
            wanted="a filter of Azure's own, or of this stack and account",
            fix="declare it in contentFilters of the stack; or judge it where it is, and name "
            f'"Deployment.{NAME}" in also of the pack',
        )


def _weaker(policy: Resource) -> Iterator[Finding]:
    """Find each category that is left out, or stopped less than by Azure's own filter."""
    filters = policy.get(FILTERS)
    if not is_known(filters):
        yield _finding(policy, FILTERS, UNKNOWN, "filters that are known", "state them")
        return
    for least in LEAST:
        at = f"{FILTERS} {least.name} of {least.source}"
        same = [one for one in filters or () if _named(one) == (least.name, least.source)]
        if not same:
            yield _finding(policy, at, None, "as in Azure's own filter", "state it")
        for one in same:
            for key, wanted in _flaws(one, least):
                yield _finding(policy, f"{at}.{key}", one.get(key), wanted, f"set it to {wanted}")
    for one in filters or ():
        for key in sorted(one.keys() - KEYS):
            at = f"{FILTERS} {one.get('name')} of {one.get('source')}.{key}"
            yield _finding(policy, at, one[key], "not set: nobody judged what it does", "remove it")


def _named(one: Mapping[str, Any]) -> tuple[str, str]:
    """Return category and source of a filter, as this pack writes them."""
    name, source = (str(one.get(key)).lower() for key in ("name", "source"))
    known = ((least.name, least.source) for least in LEAST)
    return next((it for it in known if (name, source) == (it[0].lower(), it[1].lower())), ("", ""))


def _flaws(one: Mapping[str, Any], least: Least) -> Iterator[tuple[str, str]]:
    """Yield each key of a filter by which it stops less, with what it should be."""
    if one.get("enabled") is not True:
        yield "enabled", "true"
    if least.blocks and one.get("blocking") is not True:
        yield "blocking", "true"
    if least.thresholds and str(one.get("severityThreshold")).lower() not in least.thresholds:
        yield "severityThreshold", "Low or Medium"
    if str(one.get("action") or "none").lower() not in {"none", "blocking"}:
        yield "action", "BLOCKING"


def _finding(policy: Resource, path: str, found: object, wanted: str, fix: str) -> Finding:
    return Finding(resource=policy, path=path, found=found, wanted=wanted, fix=fix)
