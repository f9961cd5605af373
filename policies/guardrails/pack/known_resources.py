"""The kinds of resource that the pack knows, and no other."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config, Parameter
from pack.resource import Resource

TYPES: Parameter[tuple[str, ...]] = Parameter(
    "types",
    (),
    "Further types of resource, with provider, * and ? allowed, such as azure-native:storage:*",
)
UNJUDGED = (
    "aoai:index:Gateway",
    "aoai:index:Insights",
    "aoai:index:KeyVault",
    "aoai:index:Network",
    "aoai:index:OpenAIAccount",
    "aoai:index:OpenAIApi",
    "aoai:index:Protection",
    "aoai:index:Workspace",
    "pulumi:pulumi:Stack",
    "pulumi:providers:*",
    "random:index/randomString:RandomString",
    "applicationinsights:Workbook",
    "monitor:ActionGroup",
    "monitor:MetricAlert",
    "monitor:ScheduledQueryRule",
    "operationalinsights:SavedSearch",
    "network:NetworkSecurityGroup",
    "network:VirtualNetwork",
    "privatedns:PrivateZone",
    "privatedns:VirtualNetworkLink",
)
"""What holds no call's way and no log's: components, names, and what watches a stack.

A network carries calls to where endpoints lead, which are judged; its zones have their names.
"""


def known(resource: Resource, config: Config) -> Iterator[Finding]:
    """Refuse a resource of any other type: what it does to the accounting nobody has judged.

    https://www.pulumi.com/registry/packages/azure-native/api-docs/
    """
    judged = any(fnmatch.fnmatchcase(resource.kind, kind) for kind in (*Kind, *UNJUDGED))
    if judged or any(fnmatch.fnmatchcase(resource.type, kind) for kind in TYPES.read(config)):
        return
    yield Finding(
        resource=resource,
        path="type",
        found=resource.type,
        wanted="a type that the pack knows",
        fix=f'remove it; or judge it, and name "{resource.type}" in types of the pack',
    )
