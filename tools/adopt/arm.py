"""Make the ARM ids of the program's resources from their inputs.

Paths and API versions are those of the azure-native provider, whose reference shows both by type:
https://www.pulumi.com/registry/packages/azure-native/api-docs/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

SUBSCRIPTION = "subscriptionId"
"""Part of an id that the provider gives, not the resource."""
WHOLE_IDS = ("resourceUri", "scope")
"""Parts of an id that are an ARM id themselves."""
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
ROLE_ASSIGNMENT = "azure-native:authorization:RoleAssignment"
"""The one type whose name is random, and another in each preview until it is in the state."""

_GROUP = f"/subscriptions/{{{SUBSCRIPTION}}}/resourceGroups/{{resourceGroupName}}"
_SERVICE = f"{_GROUP}/providers/Microsoft.ApiManagement/service/{{serviceName}}"
_WORKSPACE = f"{_GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}"
_ACCOUNT = f"{_GROUP}/providers/Microsoft.CognitiveServices/accounts/{{accountName}}"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"
_INSIGHTS = f"{_GROUP}/providers/Microsoft.Insights"


@dataclass(frozen=True)
class Kind:
    """Where resources of one type lie, and the API version by which they are read."""

    path: str
    version: str

    @property
    def keys(self) -> list[str]:
        """Return the inputs that make the id, the resource's own name last."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def azure_type(self) -> str:
        """Return Azure's name of the type, `folded`."""
        provider, *parts = self.path.rpartition("/providers/")[2].split("/")
        return folded("/".join([provider, *parts[::2]]))

    def id(self, parts: Mapping[str, str]) -> str:
        """Return the ARM id of the resource whose inputs are `parts`."""
        text = self.path.format(**{key: parts[key].strip("/") for key in self.keys})
        return re.sub("/+", "/", f"/{text}")


KINDS = {
    RESOURCE_GROUP: Kind(_GROUP, "2024-03-01"),
    "azure-native:operationalinsights:Workspace": Kind(_WORKSPACE, "2023-09-01"),
    "azure-native:operationalinsights:SavedSearch": Kind(
        f"{_WORKSPACE}/savedSearches/{{savedSearchId}}", "2023-09-01"
    ),
    "azure-native:keyvault:Vault": Kind(
        f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}", "2024-11-01"
    ),
    "azure-native:cognitiveservices:Account": Kind(_ACCOUNT, "2025-06-01"),
    "azure-native:cognitiveservices:Deployment": Kind(
        f"{_ACCOUNT}/deployments/{{deploymentName}}", "2025-06-01"
    ),
    "azure-native:cognitiveservices:RaiPolicy": Kind(
        f"{_ACCOUNT}/raiPolicies/{{raiPolicyName}}", "2025-06-01"
    ),
    "azure-native:network:VirtualNetwork": Kind(
        f"{_NETWORK}/virtualNetworks/{{virtualNetworkName}}", "2024-05-01"
    ),
    "azure-native:network:NetworkSecurityGroup": Kind(
        f"{_NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}", "2024-05-01"
    ),
    "azure-native:privatedns:PrivateZone": Kind(
        f"{_NETWORK}/privateDnsZones/{{privateZoneName}}", "2024-06-01"
    ),
    "azure-native:privatedns:VirtualNetworkLink": Kind(
        f"{_NETWORK}/privateDnsZones/{{privateZoneName}}/virtualNetworkLinks"
        "/{virtualNetworkLinkName}",
        "2024-06-01",
    ),
    "azure-native:network:PrivateEndpoint": Kind(
        f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}", "2024-05-01"
    ),
    "azure-native:network:PrivateDnsZoneGroup": Kind(
        f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}/privateDnsZoneGroups"
        "/{privateDnsZoneGroupName}",
        "2024-05-01",
    ),
    "azure-native:monitor:DiagnosticSetting": Kind(
        "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}", "2021-05-01-preview"
    ),
    "azure-native:monitor:ActionGroup": Kind(
        f"{_INSIGHTS}/actionGroups/{{actionGroupName}}", "2024-10-01-preview"
    ),
    "azure-native:monitor:ScheduledQueryRule": Kind(
        f"{_INSIGHTS}/scheduledQueryRules/{{ruleName}}", "2025-01-01-preview"
    ),
    "azure-native:monitor:MetricAlert": Kind(
        f"{_INSIGHTS}/metricAlerts/{{ruleName}}", "2018-03-01"
    ),
    "azure-native:monitor:ActivityLogAlert": Kind(
        f"{_INSIGHTS}/activityLogAlerts/{{activityLogAlertName}}", "2020-10-01"
    ),
    "azure-native:applicationinsights:Workbook": Kind(
        f"{_INSIGHTS}/workbooks/{{resourceName}}", "2023-06-01"
    ),
    ROLE_ASSIGNMENT: Kind(
        "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        "2022-04-01",
    ),
    "azure-native:apimanagement:ApiManagementService": Kind(_SERVICE, "2024-05-01"),
    "azure-native:apimanagement:Logger": Kind(f"{_SERVICE}/loggers/{{loggerId}}", "2024-05-01"),
    "azure-native:apimanagement:Api": Kind(f"{_SERVICE}/apis/{{apiId}}", "2024-05-01"),
    "azure-native:apimanagement:ApiPolicy": Kind(
        f"{_SERVICE}/apis/{{apiId}}/policies/{{policyId}}", "2024-05-01"
    ),
    "azure-native_apimanagement_v20240601preview:apimanagement:ApiDiagnostic": Kind(
        f"{_SERVICE}/apis/{{apiId}}/diagnostics/{{diagnosticId}}", "2024-06-01-preview"
    ),
    "azure-native:apimanagement:Product": Kind(f"{_SERVICE}/products/{{productId}}", "2024-05-01"),
    "azure-native:apimanagement:ProductApiLink": Kind(
        f"{_SERVICE}/products/{{productId}}/apiLinks/{{apiLinkId}}", "2024-05-01"
    ),
    "azure-native:apimanagement:Subscription": Kind(
        f"{_SERVICE}/subscriptions/{{sid}}", "2024-05-01"
    ),
}
"""Kinds by Pulumi type."""


def in_azure(kind: str) -> bool:
    """Tell whether resources of a Pulumi type lie in Azure."""
    return kind.split(":", 1)[0].split("_", 1)[0] == "azure-native"


def folded(resource_id: str) -> str:
    """Fold an id for comparison: Azure ignores case, and may answer in another case.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    """
    return resource_id.strip("/").casefold()


def inside(resource_id: str, holders: Collection[str]) -> bool:
    """Tell whether a resource lies below one of the `holders`, which are `folded` ids."""
    parts = folded(resource_id).split("/")
    return any("/".join(parts[:length]) in holders for length in range(1, len(parts)))


def name(resource_id: str) -> str:
    """Return the resource's own name, the last part of its id."""
    return resource_id.rpartition("/")[2]
