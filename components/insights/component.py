"""Alerts, workbook and saved queries on what the stack logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pulumi

from components.alerts.action_group import action_group
from components.alerts.catalogue import RULES
from components.alerts.log_alert import log_alert
from components.alerts.metric_alert import metric_alerts
from components.alerts.parts import parts
from components.alerts.rule import AlertRule, LogRule, Place
from components.alerts.subject import Subject
from components.gateway import Gateway
from components.insights.saved_queries import Editor, read_from
from components.insights.workbook import WorkbookArgs, workbook
from components.openai_account import OpenAIAccount
from components.openai_api.component import OpenAIApi
from components.settings.figures import budgets, prices, retirements
from components.settings.insights import Alert
from components.settings.stack import Settings
from queries.contract import is_provisioned
from queries.library import PLANS, TOKEN_CALLERS

AnyRule = TypeVar("AnyRule", bound=AlertRule)


@dataclass(frozen=True, kw_only=True)
class InsightsArgs:
    """What the alerts watch, how strictly, and whom they notify."""

    suffix: pulumi.Input[str]
    """End of the names of the created resources, which are unique in a resource group."""
    resource_group_name: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    existing_workspace_id: str
    """ARM id of the workspace if it belongs to another stack, else ""."""
    workspace_location: pulumi.Input[str]
    """Region of the log alerts: Azure evaluates each in its region, so it is the workspace's.

    https://github.com/Azure-Samples/AI-Gateway/pull/400
    """
    subject: Subject
    alerts: Mapping[str, Alert]
    """What the stack file changes of the rules, by name."""
    emails: Sequence[str]
    webhooks: Sequence[str]
    tags: Mapping[str, str]


class Insights(pulumi.ComponentResource):
    """Alerts that tell operators what went wrong, and a workbook that shows where."""

    alerts: list[str]
    """Names of the declared rules: those that apply to the stack."""
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
        ).register(args.subject.figures, several=args.subject.several, lines=args.subject.lines)
        self.workbook_id = self._workbook(args, function)
        self.register_outputs({"alerts": self.alerts, "workbookId": self.workbook_id})

    def _alerts(self, args: InsightsArgs) -> list[str]:
        place = self._place(args)
        rules = [_changed(rule, args) for rule in RULES if rule.applies(args.subject)]
        for rule in rules:
            if isinstance(rule, LogRule):
                for part, subject in parts(rule, args.subject):
                    log_alert(
                        part,
                        subject,
                        place,
                        workspace_id=args.workspace_id,
                        location=args.workspace_location,
                    )
            else:
                metric_alerts(rule, args.subject, place)
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
                accounts=subject.accounts,
                backends=subject.names,
                figures=function.apply(
                    lambda name: read_from(
                        name,
                        subject.figures,
                        several=subject.several,
                        lines=subject.lines,
                    )
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
    """Return the rule with what the stack file changes of it."""
    change = args.alerts.get(rule.name)
    if change is None:
        return rule
    return replace(
        rule,
        enabled=change.enabled,
        severity=rule.severity if change.severity is None else change.severity,
        threshold=rule.threshold if change.threshold is None else change.threshold,
    )


def _lines(settings: Settings) -> tuple[str, ...]:
    """Return the marks of the lines that queries need for this stack."""
    wanted = {TOKEN_CALLERS: settings.entra_tenant, PLANS: settings.refuses}
    return tuple(mark for mark, is_wanted in wanted.items() if is_wanted)


def subject(
    settings: Settings, accounts: Sequence[OpenAIAccount], gateway: Gateway, api: OpenAIApi
) -> Subject:
    """Gather the ids and numbers that the stack's alerts and workbook ask about."""
    given = settings.every_account
    # By name: the order in the stack file means nothing, so a change of it shows in no preview.
    deployments = sorted(
        (one for account in given for one in account.deployments), key=lambda one: one.name
    )
    hourly = {
        account.name: tuple(
            sorted(one.name for one in account.deployments if is_provisioned(one.sku))
        )
        for account in given
    }
    # Accounts may spell one deployment's name in capitals and not: Azure compares without case.
    first = {one.name.lower(): one for one in reversed(deployments)}
    capacities = dict[str, int]()
    for one in deployments:
        if not is_provisioned(one.sku):
            name = first[one.name.lower()].name
            capacities[name] = capacities.get(name, 0) + one.capacity
    known = [one for one in deployments if first[one.name.lower()].name == one.name]
    return Subject(
        accounts={one.label: one.id for one in accounts},
        gateway_id=gateway.id,
        gateway_principal_id=api.principal_id,
        api_id=settings.api_name,
        budgets=budgets(settings.consumers),
        capacities=capacities,
        retirements=retirements(known),
        prices=prices(settings.prices),
        provisioned=tuple(dict.fromkeys(d.name for d in known if d.name not in capacities)),
        provisioned_in=hourly,
        names={one.label: one.backend_url for one in accounts if one.label},
        limits={
            f"{account.name}/{one.name.lower()}": one.capacity
            for account in settings.accounts
            for one in account.deployments
            if not is_provisioned(one.sku)
        },
        llm_logging=settings.llm_logging,
        every_call_is_logged=settings.sampling_percentage == 100,  # noqa: PLR2004
        other_callers=tuple(sorted(one.lower() for one in settings.other_callers)),
        lines=_lines(settings),
        takes_keys=any(account.keys == "allow" for account in given),
    )
