"""Alerts, workbook and saved queries on what the stack logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pulumi

from components.alerts.action_group import action_group
from components.alerts.catalogue import RULES
from components.alerts.log_alert import log_alert
from components.alerts.metric_alert import metric_alert
from components.alerts.rule import AlertRule, LogRule, Place
from components.alerts.subject import Subject
from components.gateway import Gateway
from components.insights.saved_queries import Editor, figure
from components.insights.workbook import WorkbookArgs, workbook
from components.openai_account import OpenAIAccount
from components.openai_api.component import OpenAIApi
from components.settings.figures import budgets, prices, retirements
from components.settings.insights import Alert
from components.settings.stack import Settings
from queries.contract import is_provisioned

AnyRule = TypeVar("AnyRule", bound=AlertRule)


@dataclass(frozen=True, kw_only=True)
class InsightsArgs:
    """What is watched, how strictly, and who is told."""

    suffix: pulumi.Input[str]
    """End of the names of what is created: they are unique in a resource group."""
    resource_group_name: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    existing_workspace_id: str
    """The same if the workspace belongs to another stack, or ""."""
    workspace_location: pulumi.Input[str]
    """Region of the log alerts: each is evaluated where it lies, and belongs beside its workspace.

    https://github.com/Azure-Samples/AI-Gateway/pull/400
    """
    subject: Subject
    alerts: Mapping[str, Alert]
    """What the stack file changes, by rule."""
    emails: Sequence[str]
    webhooks: Sequence[str]
    tags: Mapping[str, str]


class Insights(pulumi.ComponentResource):
    """Tells operators what went wrong, and shows them where."""

    alerts: list[str]
    """Names of the rules that are declared: those whose subject the stack has."""
    workbook_id: pulumi.Output[str]
    """ARM id."""

    def __init__(
        self, name: str, args: InsightsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("aoai:index:Insights", name, None, opts)
        self.alerts = self._alerts(args)
        function = Editor(
            parent=self,
            existing_workspace_id=args.existing_workspace_id,
            workspace_id=args.workspace_id,
            resource_group_name=args.resource_group_name,
            suffix=args.suffix,
        ).register(pulumi.Output.all(**args.subject.figures))
        self.workbook_id = self._workbook(args, function)
        self.register_outputs({"alerts": self.alerts, "workbookId": self.workbook_id})

    def _alerts(self, args: InsightsArgs) -> list[str]:
        place = self._place(args)
        rules = [_changed(rule, args) for rule in RULES if rule.applies(args.subject)]
        for rule in rules:
            if isinstance(rule, LogRule):
                log_alert(
                    rule,
                    args.subject,
                    place,
                    workspace_id=args.workspace_id,
                    location=args.workspace_location,
                )
            else:
                metric_alert(rule, args.subject, place)
        return [rule.name for rule in rules]

    def _workbook(self, args: InsightsArgs, function: pulumi.Output[str]) -> pulumi.Output[str]:
        """Register the workbook.

        It reads prices and budgets through the saved function, so that a new price leaves it
        unchanged.
        """
        subject = args.subject
        return workbook(
            "workbook",
            WorkbookArgs(
                resource_group_name=args.resource_group_name,
                location=args.workspace_location,
                name_seed=pulumi.Output.concat(args.resource_group_name, "/", args.suffix),
                workspace_id=args.workspace_id,
                account_id=subject.account_id,
                figures=function.apply(
                    lambda name: {
                        # A gateway may serve other APIs, whose calls are no business of this stack.
                        "api": subject.api_id,
                        **{known: figure(name, known) for known in subject.figures},
                    }
                ),
                tags=args.tags,
            ),
            parent=self,
        ).id

    def _place(self, args: InsightsArgs) -> Place:
        group = action_group(
            "action-group",
            parent=self,
            group_name=pulumi.Output.concat("ag-", args.suffix),
            resource_group_name=args.resource_group_name,
            emails=args.emails,
            webhooks=args.webhooks,
            tags=args.tags,
        )
        return Place(
            parent=self,
            resource_group_name=args.resource_group_name,
            suffix=args.suffix,
            action_group_ids=[group.id] if group else [],
            tags=args.tags,
        )


def _changed(rule: AnyRule, args: InsightsArgs) -> AnyRule:
    """The rule as the stack file wants it."""
    wanted = args.alerts.get(rule.name)
    if wanted is None:
        return rule
    return replace(
        rule,
        enabled=wanted.enabled,
        severity=rule.severity if wanted.severity is None else wanted.severity,
        threshold=rule.threshold if wanted.threshold is None else wanted.threshold,
    )


def subject(
    settings: Settings, account: OpenAIAccount, gateway: Gateway, api: OpenAIApi
) -> Subject:
    """Take from the stack what its alerts and workbook ask about."""
    # By name: the order of the stack file means nothing, and shows in no preview.
    deployments = sorted(settings.deployments, key=lambda deployment: deployment.name)
    return Subject(
        account_id=account.id,
        gateway_id=gateway.id,
        gateway_principal_id=api.principal_id,
        api_id=settings.api_name,
        budgets=budgets(settings.consumers),
        capacities={d.name: d.capacity for d in deployments if not is_provisioned(d.sku)},
        retirements=retirements(deployments),
        prices=prices(settings.prices),
        provisioned=tuple(d.name for d in deployments if is_provisioned(d.sku)),
        llm_logging=settings.llm_logging,
        every_call_is_logged=settings.sampling_percentage == 100,  # noqa: PLR2004
    )
