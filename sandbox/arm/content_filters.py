"""Content filters of an account: RAI policies, and the deployments that name them.

https://learn.microsoft.com/rest/api/aiservices/accountmanagement/rai-policies/create-or-update
https://learn.microsoft.com/azure/ai-foundry/openai/how-to/content-filters
"""

from sandbox.arm.base import ACCOUNT, Put, refuse
from sandbox.cloud import Cloud, Resource
from sandbox.errors import NotModelledError

POLICIES = f"{ACCOUNT}/raiPolicies"
OF_AZURE = ("microsoft.default", "microsoft.defaultv2")
"""Filters that every account has.

https://learn.microsoft.com/azure/foundry/openai/concepts/default-safety-policies
"""
HARMS = ("hate", "sexual", "selfharm", "violence")
"""Categories that have a severity, for prompts and answers.

https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
"""
WITHOUT_SEVERITY = {
    "jailbreak": ("prompt",),
    "indirect attack": ("prompt",),
    "protected material text": ("completion",),
    "protected material code": ("completion",),
    "profanity": ("prompt", "completion"),
}
"""Categories that are found or not, by what they are looked for in.

https://github.com/hashicorp/terraform-provider-azurerm/blob/main/internal/services/cognitive/cognitive_account_rai_policy_resource.go
https://github.com/makoto-hyodo-asahi-gh/postgres-agentic-shop (profanity, sources)
"""


def policy(put: Put) -> None:
    """A filter starts from another, judges each category once, and is told back as it was given.

    https://github.com/hashicorp/terraform-provider-azurerm/blob/main/internal/services/cognitive/cognitive_account_rai_policy_resource_test.go
    Sure: inferred, as the code of the refusal is public, and not all that leads to it.
    """
    if put.id.name.lower().startswith("microsoft."):
        raise refuse("PolicyOfAzure", name=put.id.name)
    if put.properties.get("customBlocklists") or put.properties.get("safetyProviders"):
        raise NotModelledError("the sandbox models no blocklists and no safety providers")
    base = str(put.properties.get("basePolicyName") or "")
    if base.lower() not in OF_AZURE:
        raise refuse("InvalidContentFilter", text=f"The base policy '{base}' is not known.")
    seen = set()
    for one in put.properties.get("contentFilters") or []:
        name, source = (str(one.get(key) or "") for key in ("name", "source"))
        _check(name, source.lower(), one.get("severityThreshold"))
        if (name.lower(), source) in seen:
            raise refuse("InvalidContentFilter", text=f"'{name}' of {source} is given twice.")
        seen.add((name.lower(), source))
    put.properties["type"] = "UserManaged"


def _check(name: str, source: str, threshold: object) -> None:
    """A category is one of a few, of prompts or answers; harms have a severity.

    Sure: inferred, as pages list the categories, and not what becomes of another.
    """
    if source not in ("prompt", "completion"):
        raise NotModelledError(f"the sandbox models no content filter of the source {source!r}")
    known = (
        ("prompt", "completion") if name.lower() in HARMS else WITHOUT_SEVERITY.get(name.lower())
    )
    if known is None or source not in known:
        raise refuse("InvalidContentFilter", text=f"'{name}' is no content filter of a {source}.")
    if name.lower() in HARMS and not threshold:
        raise refuse("InvalidContentFilter", text=f"'{name}' has no severityThreshold.")


def check_named(put: Put) -> None:
    """A deployment names a filter of its account, or one of Azure's own.

    Sure: inferred, as no page says what becomes of an unknown name.
    """
    name = str(put.properties.get("raiPolicyName") or "")
    account = put.id.text.rsplit("/", 2)[0]
    if name and name.lower() not in OF_AZURE and not put.cloud.get(f"{account}/raiPolicies/{name}"):
        raise refuse("PolicyNotFound", name=name)


def check_unused(cloud: Cloud, found: Resource) -> None:
    """A filter is deleted once no deployment names it.

    Sure: inferred, as pages say to unassign a filter first, and not in what words Azure refuses.
    """
    if found.type != POLICIES:
        return
    for one in cloud.below(found.id.rsplit("/", 2)[0]):
        if str(one.properties.get("raiPolicyName") or "").lower() == found.name.lower():
            raise refuse("PolicyInUse", name=found.name, deployment=one.name)
