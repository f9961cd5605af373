"""The kinds of resource that the pack knows, and no other."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config, Parameter
from pack.resource import Resource

TYPES: Parameter[tuple[str, ...]] = Parameter(
    "types", (), "Further types of resource, * and ? allowed, such as azure-native:storage:*"
)
UNJUDGED = (
    "aoai:index:*",
    "pulumi:pulumi:Stack",
    "pulumi:providers:*",
    "random:index/randomString:RandomString",
    "applicationinsights:Workbook",
    "monitor:ActionGroup",
    "monitor:MetricAlert",
    "monitor:ScheduledQueryRule",
    "operationalinsights:SavedSearch",
)
"""What holds no call's way and no log's: components, names, and what watches a stack."""


def known(resource: Resource, config: Config) -> Iterator[Finding]:
    """Refuse a resource of any other type: what it does to the accounting nobody has judged.

    https://www.pulumi.com/registry/packages/azure-native/api-docs/
    """
    also = (pattern.removeprefix("azure-native:") for pattern in TYPES.read(config))
    if any(fnmatch.fnmatchcase(resource.kind, kind) for kind in (*Kind, *UNJUDGED, *also)):
        return
    yield Finding(
        resource=resource,
        path="type",
        found=resource.kind,
        wanted="a type that the pack knows",
        fix=f'remove it; or judge it, and name "{resource.kind}" in types of the pack',
    )
