"""The action group: whom Azure Monitor notifies when an alert fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import monitor

SHORT_NAME = "aoai"
"""Sender of text messages and subject of e-mails; at most 12 characters.

https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups
"""


def action_group(
    name: str,
    *,
    parent: pulumi.Resource,
    group_name: pulumi.Input[str],
    resource_group_name: pulumi.Input[str],
    emails: Sequence[str],
    webhooks: Sequence[str],
    tags: Mapping[str, str],
) -> monitor.ActionGroup | None:
    """Declare an action group with every receiver; return None if there is no receiver.

    A webhook's address often carries its password, so it is a secret in plan and state. Every
    receiver gets the common alert schema, one shape for all kinds of alerts.
    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema
    """
    if not emails and not webhooks:
        return None
    return monitor.ActionGroup(
        name,
        action_group_name=group_name,
        resource_group_name=resource_group_name,
        location="Global",
        group_short_name=SHORT_NAME,
        enabled=True,
        email_receivers=[
            monitor.MicrosoftCommonEmailReceiverArgs(
                name=f"email-{number}", email_address=address, use_common_alert_schema=True
            )
            for number, address in enumerate(emails, start=1)
        ],
        webhook_receivers=[
            monitor.WebhookReceiverArgs(
                name=f"webhook-{number}",
                service_uri=pulumi.Output.secret(address),
                use_common_alert_schema=True,
            )
            for number, address in enumerate(webhooks, start=1)
        ],
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent, additional_secret_outputs=["webhookReceivers"]),
    )
