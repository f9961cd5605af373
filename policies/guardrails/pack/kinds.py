"""The kinds of resource that the policies judge: module and class of azure-native."""

from enum import StrEnum


class Kind(StrEnum):
    """A type of azure-native, whatever its version."""

    SERVICE = "apimanagement:ApiManagementService"
    LOGGER = "apimanagement:Logger"
    API = "apimanagement:Api"
    BACKEND = "apimanagement:Backend"
    API_POLICY = "apimanagement:ApiPolicy"
    API_DIAGNOSTIC = "apimanagement:ApiDiagnostic"
    PRODUCT = "apimanagement:Product"
    PRODUCT_LINK = "apimanagement:ProductApiLink"
    SUBSCRIPTION = "apimanagement:Subscription"
    ACCOUNT = "cognitiveservices:Account"
    DEPLOYMENT = "cognitiveservices:Deployment"
    RAI_POLICY = "cognitiveservices:RaiPolicy"
    ASSIGNMENT = "authorization:RoleAssignment"
    SETTING = "monitor:DiagnosticSetting"
    ENDPOINT = "network:PrivateEndpoint"
    ENDPOINT_NAMES = "network:PrivateDnsZoneGroup"
    WORKSPACE = "operationalinsights:Workspace"
    VAULT = "keyvault:Vault"
    GROUP = "resources:ResourceGroup"
