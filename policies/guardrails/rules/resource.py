"""A resource as the rules see it: its Azure type, what was asked for, and what it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError


class Unknown:
    """A value that is known only once Azure has made something else."""

    def __repr__(self) -> str:
        """As reports show it."""
        return "not known yet"


UNKNOWN: Final = Unknown()

# Typed resources of azure-native, by module and class. Those marked hold what the API calls
# `properties` under that name; the others hold it at the top.
# https://www.pulumi.com/registry/packages/azure-native/api-docs/
NESTED = {
    "cognitiveservices:Account": "Microsoft.CognitiveServices/accounts",
    "cognitiveservices:Deployment": "Microsoft.CognitiveServices/accounts/deployments",
}
_GATEWAY = {
    "Api": "apis",
    "ApiDiagnostic": "apis/diagnostics",
    "ApiOperation": "apis/operations",
    "ApiOperationPolicy": "apis/operations/policies",
    "ApiPolicy": "apis/policies",
    "Backend": "backends",
    "Diagnostic": "diagnostics",
    "GraphQLApiResolverPolicy": "apis/resolvers/policies",
    "NamedValue": "namedValues",
    "Policy": "policies",
    "PolicyFragment": "policyFragments",
    "Product": "products",
    "ProductApi": "products/apis",
    "ProductApiLink": "products/apiLinks",
    "ProductPolicy": "products/policies",
    "Subscription": "subscriptions",
}
_IN_WORKSPACE = "microsoft.apimanagement/service/workspaces/"
FLAT = {
    **{
        f"apimanagement:{prefix}{name}": f"Microsoft.ApiManagement/service/{above}{kind}"
        for name, kind in _GATEWAY.items()
        for prefix, above in (("", ""), ("Workspace", "workspaces/"))
    },
    "apimanagement:ApiManagementService": "Microsoft.ApiManagement/service",
    "authorization:RoleAssignment": "Microsoft.Authorization/roleAssignments",
    "insights:DiagnosticSetting": "Microsoft.Insights/diagnosticSettings",
    "monitor:DiagnosticSetting": "Microsoft.Insights/diagnosticSettings",
    "operationalinsights:Table": "Microsoft.OperationalInsights/workspaces/tables",
    "operationalinsights:Workspace": "Microsoft.OperationalInsights/workspaces",
    "resources:ResourceGroup": "Microsoft.Resources/resourceGroups",
}
GENERIC = "resources:Resource"
# `azure-native:monitor:X`, `azure-native:monitor/v20210501preview:X` and, from version 3 on,
# `azure-native_monitor_v20210501preview:monitor:X` are one type.
_TOKEN = re.compile(r"azure-native(?:_\w+)?:(?P<module>\w+)(?:/\w+)?:(?P<name>\w+)")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack. Values that are unknown at preview are `UNKNOWN`."""

    token: str
    """Pulumi's type, without package version: `apimanagement:Api`."""
    name: str
    urn: str
    props: Mapping[str, Any]
    protect: bool = False
    links: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URNs of the resources from whose outputs each property is made."""
    depends_on: frozenset[str] = frozenset()

    @property
    def arm_type(self) -> str:
        """Azure's type; "" for one that no rule knows; `*` stands for an unknown parent."""
        if self.token == GENERIC:
            return self._generic_type()
        return NESTED.get(self.token) or FLAT.get(self.token) or ""

    def _generic_type(self) -> str:
        namespace, kind = (
            self.props.get("resourceProviderNamespace"),
            self.props.get("resourceType"),
        )
        if not isinstance(namespace, str) or not isinstance(kind, str):
            return ""
        parent = self.props.get("parentResourcePath") or ""
        above = "*" if parent is UNKNOWN else "/".join(str(parent).strip("/").split("/")[::2])
        return "/".join(part for part in (namespace, above, kind) if part)

    def is_a(self, arm_type: str) -> bool:
        """Whether it is of a type, or, its parent being unknown, may be.

        What stands in a workspace of a gateway is of the same type as on the gateway itself.
        https://learn.microsoft.com/azure/api-management/workspaces-overview
        """
        own = self.arm_type.lower().replace(_IN_WORKSPACE, "microsoft.apimanagement/service/")
        if "/*/" not in own:
            return own == arm_type.lower()
        namespace, kind = own.split("/*/")
        return arm_type.lower().startswith(f"{namespace}/") and arm_type.lower().endswith(
            f"/{kind}"
        )

    def path(self, path: str) -> str:
        """Where a property of the API's `properties` stands in the program."""
        nested = self.token in NESTED or self.token == GENERIC
        return f"properties.{path}" if nested else path

    def get(self, path: str) -> Any:
        """A property of the API's `properties`; None if it is not set."""
        return self.value(self.path(path))

    def value(self, path: str) -> Any:
        """A value by its path in the program; None if it is not set, `UNKNOWN` as far as that."""
        found: Any = self.props
        for key in path.split("."):
            if found is UNKNOWN:
                return UNKNOWN
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def linked(self, path: str) -> frozenset[str]:
        """URNs of the resources from whose outputs a value, or its outermost property, is made."""
        return self.links.get(path.split(".", 1)[0], frozenset())

    @property
    def stack(self) -> str:
        """`urn:pulumi:<stack>::<project>::<type>::<name>`."""
        return self.urn.removeprefix("urn:pulumi:").split("::", 1)[0]


def token(pulumi_type: str) -> str:
    """Module and class of an azure-native type, whatever its version; "" for any other."""
    found = _TOKEN.fullmatch(pulumi_type)
    return f"{found['module']}:{found['name']}" if found else ""


def plain(value: Any) -> Any:
    """A value of the engine as plain Python, `UNKNOWN` in the place of each unknown."""
    if isinstance(value, Mapping):
        return {key: _known(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_known(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _known(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN


def whole_number(value: Any) -> int:
    """A number, or its digits as a text, which the engine lets pass; -1 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else -1


def items(value: Any) -> Iterable[Mapping[str, Any]]:
    """The objects of a list; none if it is not set."""
    return [item for item in value or () if isinstance(item, Mapping)]
