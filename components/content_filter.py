"""Content filters of an account: what Azure stops in the prompts and answers of a deployment."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
from pulumi_azure_native import cognitiveservices

from components.settings.content_filter import ContentFilter

BASE = "Microsoft.DefaultV2"
"""The filter of Azure that a filter of one's own starts from; nothing of it is left unsaid here.

https://learn.microsoft.com/azure/foundry/openai/concepts/default-safety-policies
"""
PROMPT, ANSWER = (
    cognitiveservices.RaiPolicyContentSource.PROMPT,
    cognitiveservices.RaiPolicyContentSource.COMPLETION,
)


def content_filter(
    name: str,
    wanted: ContentFilter,
    account_name: pulumi.Input[str],
    resource_group_name: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> cognitiveservices.RaiPolicy:
    """Declare a filter of an account, with each category that it judges.

    Without a mode answers wait for their filter, and Azure gives none back.
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
    https://github.com/hashicorp/terraform-provider-azurerm/blob/main/internal/services/cognitive/cognitive_account_rai_policy_resource_test.go
    """
    return cognitiveservices.RaiPolicy(
        name,
        rai_policy_name=wanted.name,
        account_name=account_name,
        resource_group_name=resource_group_name,
        properties=cognitiveservices.RaiPolicyPropertiesArgs(
            base_policy_name=BASE,
            content_filters=[*_harms(wanted), *_attacks_and_copies(wanted)],
        ),
        opts=opts,
    )


def _harms(wanted: ContentFilter) -> Iterator[cognitiveservices.RaiPolicyContentFilterArgs]:
    """Yield the categories that have a severity, each for prompts and for answers.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
    """
    thresholds = {
        "Hate": wanted.hate,
        "Sexual": wanted.sexual,
        "Selfharm": wanted.self_harm,
        "Violence": wanted.violence,
    }
    for name, threshold in thresholds.items():
        for source in (PROMPT, ANSWER):
            yield cognitiveservices.RaiPolicyContentFilterArgs(
                name=name,
                source=source,
                severity_threshold=threshold,
                enabled=True,
                blocking=True,
            )


def _attacks_and_copies(
    wanted: ContentFilter,
) -> Iterator[cognitiveservices.RaiPolicyContentFilterArgs]:
    """Yield the categories without a severity, of which Azure takes none.

    https://github.com/hashicorp/terraform-provider-azurerm/blob/main/internal/services/cognitive/cognitive_account_rai_policy_resource.go
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-prompt-shields
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-protected-material
    """
    actions = {
        "Jailbreak": (PROMPT, wanted.jailbreak),
        "Indirect Attack": (PROMPT, wanted.indirect_attacks),
        "Protected Material Text": (ANSWER, wanted.protected_text),
        "Protected Material Code": (ANSWER, wanted.protected_code),
    }
    for name, (source, action) in actions.items():
        yield cognitiveservices.RaiPolicyContentFilterArgs(
            name=name, source=source, enabled=action != "off", blocking=action == "block"
        )
