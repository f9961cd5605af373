"""What Azure allows at most, and what is not wrong but has to be known."""

from __future__ import annotations

UNITS_BY_TIER = {
    "Developer": 1,
    "Basic": 2,
    "Standard": 4,
    "Premium": 12,
    "BasicV2": 10,
    "StandardV2": 10,
}
"""Most units of each tier that logs to Azure Monitor; Consumption does not.

PremiumV2 is newer than the API version with which the SDK creates services.

https://learn.microsoft.com/azure/api-management/upgrade-and-scale
https://learn.microsoft.com/azure/api-management/api-management-features
"""


def check_units(units: int, tier: str | None) -> None:
    """Refuse more units than a tier has; None is a tier that is wrong itself."""
    if tier and units > UNITS_BY_TIER[tier]:
        most = UNITS_BY_TIER[tier]
        raise ValueError(f"{f'1 to {most} units' if most > 1 else '1 unit'} in tier {tier}")


GATEWAY_ROLES = {
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Cognitive Services User": "a97b65f3-24c7-4388-baec-2e87135dc908",
}
"""Ids of the roles by which a gateway may call an account.

The first may call models and read, change and delete responses, on accounts of kind OpenAI and
AIServices; it is enough for every operation of the project's OpenAPI document. The second, which
the reference guide names, may also list keys and use all else that a Foundry resource offers.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/ai-machine-learning
https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#considerations-for-rbac-and-policy-during-upgrade
"""

BODY_BYTES_LIMIT = 8192
"""Most bytes of one body in a gateway log entry.

https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
"""

LONGEST_TIMEOUT = 3600
"""Most seconds to wait for an answer to begin; no model thinks longer.

Azure takes any number, and says that values greater than 240 seconds may not be honored, because
the network beneath can drop idle connections after this time: calls that think longer than that
are to stream.
https://learn.microsoft.com/azure/api-management/forward-request-policy#attributes
"""

HELD_BACK = (
    "llmLogging is false, so the gateway log holds the bodies of responses, and API Management may "
    "hold streamed answers back until they are whole: set llmLogging true to let streams through, "
    "or logResponseBodies true to keep it so without this warning"
)
NO_ANSWERS = (
    "llmLogging is false and bodyBytes 0, so no log holds a prompt or an answer though capture is "
    "full: set llmLogging true, or bodyBytes above 0, or say so by capture metadata"
)

LLM_MESSAGE_BYTES_LIMIT = 2 * 1024 * 1024
"""Most bytes of prompt, and of completion, in the LLM log of one call.

https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
"""
OTHER_PUBLISHERS = (
    "Azure documents the role Cognitive Services User for models of other publishers than OpenAI, "
    "and gatewayRole is the narrower one: if their calls end with 401 or 403, set gatewayRole to it"
)
"""https://learn.microsoft.com/azure/foundry-classic/foundry-models/tutorials/get-started-deepseek-r1"""
