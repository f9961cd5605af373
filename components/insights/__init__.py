"""Alerts, workbook and saved queries on what the stack logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pulumi

from components.insights.action_group import action_group
from components.insights.alert_rules import RULES
from components.insights.args import InsightsArgs
from components.insights.log_alert import log_alert
from components.insights.metric_alert import metric_alert
from components.insights.rule import LogRule, Place, Rule
from components.insights.saved_queries import Editor, figure
from components.insights.watched import Watched
from components.insights.workbook import WorkbookArgs, workbook

if TYPE_CHECKING:
    from components.gateway import Gateway
    from components.openai_account import OpenAIAccount
    from components.openai_api import OpenAIApi
    from components.settings import Settings
    from components.workspace import Workspace

__all__ = ["Insights", "InsightsArgs", "declare"]

AnyRule = TypeVar("AnyRule", bound=Rule)


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
        ).fill(pulumi.Output.all(**args.watched.figures))
        self.workbook_id = self._workbook(args, function)
        self.register_outputs({"alerts": self.alerts, "workbookId": self.workbook_id})

    def _alerts(self, args: InsightsArgs) -> list[str]:
        place = self._place(args)
        rules = [_changed(rule, args) for rule in RULES if rule.applies(args.watched)]
        for rule in rules:
            if isinstance(rule, LogRule):
                log_alert(
                    rule,
                    args.watched,
                    place,
                    workspace_id=args.workspace_id,
                    location=args.workspace_location,
                )
            else:
                metric_alert(rule, args.watched, place)
        return [rule.name for rule in rules]

    def _workbook(self, args: InsightsArgs, function: pulumi.Output[str]) -> pulumi.Output[str]:
        """The workbook; it asks the function for figures, and stays as it is when they change."""
        watched = args.watched
        return workbook(
            "workbook",
            WorkbookArgs(
                resource_group_name=args.resource_group_name,
                location=args.workspace_location,
                name_seed=pulumi.Output.concat(args.resource_group_name, "/", args.suffix),
                workspace_id=args.workspace_id,
                account_id=watched.account_id,
                figures=function.apply(
                    lambda name: {
                        # A gateway may serve other APIs, whose calls are no business of this stack.
                        "api": watched.api_id,
                        **{known: figure(name, known) for known in watched.figures},
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


def declare(
    settings: Settings,
    suffix: pulumi.Input[str],
    resource_group_name: pulumi.Input[str],
    workspace: Workspace,
    account: OpenAIAccount,
    gateway: Gateway,
    api: OpenAIApi,
) -> Insights | None:
    """Insights on these components, if the stack file wants them."""
    if not settings.insights:
        return None
    return Insights(
        "insights",
        InsightsArgs(
            suffix=suffix,
            resource_group_name=resource_group_name,
            workspace_id=workspace.id,
            existing_workspace_id=settings.workspace_id,
            workspace_location=workspace.location,
            watched=Watched.of(settings, account, gateway, api),
            alerts=settings.alerts,
            emails=settings.alert_emails,
            webhooks=settings.alert_webhooks,
            tags=settings.tags,
        ),
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
