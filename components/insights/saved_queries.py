"""Save the query library and the stack's figures in the workspace's query editor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
from pulumi_azure_native import operationalinsights

from components.azure import arm_id, provider
from components.workspace import WORKSPACES
from queries import library

CATEGORY = "Azure OpenAI, accounted"
KQL_VERSION = 2
"""The query language's version; 1 was the language before KQL.

https://learn.microsoft.com/rest/api/loganalytics/saved-searches/create-or-update
"""
FIGURES = "AzureOpenAIFigures_"
"""Prefix of the name of the function that returns the stack's figures."""


@dataclass(frozen=True, kw_only=True)
class Editor:
    """The query editor of a workspace, as one stack uses it."""

    parent: pulumi.Resource
    existing_workspace_id: str
    """ARM id of a workspace that is not this stack's own, or ""."""
    workspace_id: pulumi.Input[str]
    """ARM id of the workspace, be it the stack's own or not."""
    resource_group_name: pulumi.Input[str]
    """The group of the stack's own workspace."""
    suffix: pulumi.Input[str]
    """End of the searches' ids, as several stacks may share a workspace."""

    def register(
        self,
        figures: Mapping[str, Any],
        *,
        several: bool = False,
        lines: Sequence[str] = (),
    ) -> pulumi.Output[str]:
        """Register one saved search per query, and the function `figures`; return its name.

        `several`: the figure `account` is a list. `lines`: see `queries.library.LINES`.

        A saved query reads the stack's ids and figures through the function: a person who opens it
        gets the rows of this stack, and a changed figure changes the function alone.
        """
        group, options = self._place()
        function = pulumi.Output.concat(FIGURES, self.suffix)
        for name in library.names():
            if library.of_several(name) and not several:
                continue
            operationalinsights.SavedSearch(
                f"query-{name}",
                display_name=library.title(name),
                query=function.apply(
                    partial(_asked, name, list(figures), several=several, lines=lines)
                ),
                **self._common(name, group),
                opts=options,
            )
        operationalinsights.SavedSearch(
            "figures",
            display_name="Figures of the stack that its logs do not hold",
            query=pulumi.Output.all(**figures).apply(figures_query),
            function_alias=function,
            **self._common("figures", group),
            opts=options,
        )
        return function

    def _place(self) -> tuple[pulumi.Input[str], pulumi.ResourceOptions]:
        group, subscription = self.resource_group_name, None
        if self.existing_workspace_id:
            found = arm_id.require(self.existing_workspace_id, WORKSPACES)
            group = found.resource_group
            subscription = provider.in_subscription(
                "saved-queries-subscription", found.subscription_id, parent=self.parent
            )
        options = pulumi.ResourceOptions(
            parent=self.parent,
            provider=subscription,
            # Azure answers a changed search with 409, "Newer data exists", unless the request has
            # the old one's etag, which the provider cannot send: so it is deleted, then created.
            # https://github.com/MicrosoftDocs/azure-docs/issues/49275
            replace_on_changes=["*"],
            delete_before_replace=True,
        )
        return group, options

    def _common(self, name: str, group: pulumi.Input[str]) -> dict[str, Any]:
        workspace_name = pulumi.Output.from_input(self.workspace_id).apply(_last_part)
        return {
            "saved_search_id": pulumi.Output.concat(name, "-", self.suffix),
            "resource_group_name": group,
            "workspace_name": workspace_name,
            "category": CATEGORY,
            "version": KQL_VERSION,
        }


def figures_query(figures: Mapping[str, Any]) -> str:
    """Write KQL that returns one row, with a column for each figure and a line for each entry."""
    columns = (f"{name} = {_written(figures[name])}" for name in figures)
    return "print\n" + ",\n".join(columns)


def read_from(
    function: str, names: Iterable[str], *, several: bool = False, lines: Sequence[str] = ()
) -> dict[str, library.Value]:
    """Write the KQL that reads each figure, to be the value of the parameter of that name.

    `several`: the figure `account` is a list; `lines`: see `queries.library.LINES`.
    """
    figures: dict[str, library.Value] = {
        name: library.Expression(
            f"toscalar({function} | project {name})", many=several and name == library.ACCOUNT
        )
        for name in names
    }
    return {**figures, **({library.LINES: list(lines)} if lines else {})}


def _asked(
    query: str, names: Sequence[str], function: str, *, several: bool, lines: Sequence[str]
) -> str:
    return library.fill(query, read_from(function, names, several=several, lines=lines))


def _written(figure: Any) -> str:
    if not isinstance(figure, Mapping):
        return library.literal(figure)
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(figure[key])}" for key in figure)
    return f"dynamic({{\n{lines}\n}})" if figure else "dynamic({})"


def _last_part(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]
