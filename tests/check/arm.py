"""Azure Resource Manager in memory: a whole deployment, to be spoiled."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
GATEWAY = "/subscriptions/s/providers/Microsoft.ApiManagement/service/apim-x"
ACCOUNT = "/subscriptions/s/providers/Microsoft.CognitiveServices/accounts/oai-x"
WORKSPACE = "/subscriptions/s/providers/Microsoft.OperationalInsights/workspaces/log-x"
API = f"{GATEWAY}/apis/miyagi-api"
DIAGNOSTIC = f"{API}/diagnostics/azuremonitor"
LOGGER = f"{GATEWAY}/loggers/azuremonitor"
POLICY = f"{API}/policies/policy"
PRODUCT = f"{GATEWAY}/products/aoai"
SUBSCRIPTION = f"{GATEWAY}/subscriptions/aoai-test"
SETTING = "/providers/Microsoft.Insights/diagnosticSettings/to-workspace"
PRINCIPAL = "the-gateway"
ROLE = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/1"
LINK = f"{PRODUCT}/apiLinks/1"
DEPLOYMENT = f"{ACCOUNT}/deployments/text-turbo"
MASKS = {
    "headers": [{"mode": "Mask", "value": name} for name in ("Authorization", "api-key")],
    "queryParams": [{"mode": "Mask", "value": "subscription-key"}],
}
XML = """<policies><!-- <inbound> --><inbound>
  <base />
  <set-variable name="x" value="@(context.Request.Body.As<string>() == &quot;y&quot;)" />
  <set-header name="api-key" exists-action="delete" />
  <set-header name="Authorization" exists-action="delete" />
  <authentication-managed-identity resource="https://cognitiveservices.azure.com" />
  <set-backend-service base-url="https://oai-x.openai.azure.com/openai" />
</inbound><backend><forward-request timeout="600" buffer-response="false" /></backend><outbound>
  <choose><when condition="@(context.Response.Headers.GetValueOrDefault("a", "").Contains("}"))">
    <set-header name="x-told"><value>@(context.Variables.GetValueOrDefault<string>("a", ""))</value>
    </set-header></when></choose>
</outbound></policies>"""


def _setting(groups: tuple[str, ...], **more: str) -> Json:
    logs = [{"categoryGroup": group, "enabled": True} for group in groups]
    metrics = [{"category": "AllMetrics", "enabled": True}]
    return {"properties": {"workspaceId": WORKSPACE, "logs": logs, "metrics": metrics, **more}}


def _whole() -> dict[str, Json]:
    message = {"headers": [], "body": {"bytes": 8192}, "dataMasking": MASKS}
    pipeline = {"request": message, "response": message}
    messages = {"messages": "all", "maxSizeInBytes": 262144}
    role = "/Microsoft.Authorization/roleDefinitions/a97b65f3-24c7-4388-baec-2e87135dc908"
    found: dict[str, Json] = {
        GATEWAY: {"identity": {"principalId": PRINCIPAL}, "properties": {}},
        LOGGER: {"properties": {"loggerType": "azureMonitor"}},
        f"{GATEWAY}{SETTING}": _setting(
            ("audit", "allLogs"), logAnalyticsDestinationType="Dedicated"
        ),
        f"{ACCOUNT}{SETTING}": _setting(("allLogs",)),
        API: {
            "name": "miyagi-api",
            "properties": {
                "path": "openai",
                "apiRevision": "1",
                "subscriptionRequired": True,
                "subscriptionKeyParameterNames": {"header": "api-key"},
            },
        },
        DIAGNOSTIC: {
            "properties": {
                "loggerId": LOGGER,
                "alwaysLog": "allErrors",
                "logClientIp": True,
                "sampling": {"samplingType": "fixed", "percentage": 100.0},
                "frontend": pipeline,
                "backend": pipeline,
                "largeLanguageModel": {
                    "logs": "enabled",
                    "requests": messages,
                    "responses": messages,
                },
            }
        },
        POLICY: {"properties": {"format": "rawxml", "value": XML}},
        PRODUCT: {"properties": {"state": "published"}},
        LINK: {"properties": {"apiId": API}},
        SUBSCRIPTION: {"properties": {"state": "active", "scope": PRODUCT}},
        ACCOUNT: {
            "kind": "OpenAI",
            "properties": {
                "customSubDomainName": "oai-x",
                "disableLocalAuth": True,
                "publicNetworkAccess": "Enabled",
            },
        },
        DEPLOYMENT: {"name": "text-turbo", "properties": {"model": {"name": "gpt-5.1"}}},
        f"{ACCOUNT}/providers{role}": {"properties": {"permissions": [{"dataActions": ["*"]}]}},
        ROLE: {"properties": {"principalId": PRINCIPAL, "roleDefinitionId": f"/providers{role}"}},
    }
    return copy.deepcopy(found)


OTHER = f"{GATEWAY}/apis/copy"


def other_api(path: str, **more: str) -> Json:
    """A second API of the gateway."""
    return {"name": "copy", "properties": {"path": path, **more}}


@dataclass
class Arm:
    """Resources by id; lists come two a page."""

    resources: dict[str, Json] = field(default_factory=_whole)
    denied: tuple[str, ...] = ()
    """Ends of ids that may not be read."""
    key: str = "key-in-azure"
    asked: list[httpx.Request] = field(default_factory=list)

    def deploy(self, name: str, model: str) -> None:
        """Make a deployment, unless there is one of that name."""
        made = {"name": name, "properties": {"model": {"name": model}}}
        self.resources.setdefault(f"{ACCOUNT}/deployments/{name}", made)

    def set(self, resource_id: str, path: str, value: Any) -> None:
        """Change one property, given as `a.b.c`; of what the diagnostic shares, only there."""
        resource = self.resources[resource_id] = copy.deepcopy(self.resources[resource_id])
        place = resource["properties"]
        *parents, last = path.split(".")
        for parent in parents:
            place[parent] = copy.deepcopy(place[parent])
            place = place[parent]
        place[last] = value

    def log_no_content(self) -> None:
        """What `capture: metadata` deploys."""
        for side in ("frontend", "backend"):
            for message in ("request", "response"):
                self.set(DIAGNOSTIC, f"{side}.{message}.body.bytes", 0)
        for message in ("requests", "responses"):
            self.set(DIAGNOSTIC, f"largeLanguageModel.{message}", None)

    def log_no_responses(self, header: str) -> None:
        """What `logResponseBodies: false` deploys, which is the default."""
        for side in ("frontend", "backend"):
            self.set(DIAGNOSTIC, f"{side}.response.body.bytes", 0)
        self.set(DIAGNOSTIC, "frontend.response.headers", [header])

    def tell(self, header: str) -> None:
        """Deploy the policy's response header that tells tokens, logged of each answer."""
        self.set(DIAGNOSTIC, "frontend.response.headers", [header])
        text = str(self.resources[POLICY]["properties"]["value"])
        self.set(POLICY, "value", text.replace("x-told", header))

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        secrets = request.url.path.endswith(("/listSecrets", "/listDebugCredentials"))
        assert request.method == ("POST" if secrets else "GET")
        assert request.headers["authorization"] == "Bearer arm-token"
        assert request.url.params["api-version"]
        path = request.url.path
        if path.endswith(self.denied or ("\0",)):
            return httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
        if secrets and path.rpartition("/")[0] in self.resources:
            return httpx.Response(200, json={"primaryKey": self.key, "secondaryKey": "other"})
        if path in self.resources:
            return httpx.Response(200, json={"id": path, **self.resources[path]})
        children = [
            {"id": i, "name": i.rpartition("/")[2], **r}
            for i, r in self.resources.items()
            if i.rpartition("/")[0] == path
        ]
        if not children and path.rpartition("/")[2] not in LISTS:
            return httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
        start = int(request.url.params.get("skip", 0))
        page: Json = {"value": children[start : start + 2]}
        if children[start + 2 :]:
            page["nextLink"] = str(request.url.copy_set_param("skip", start + 2))
        return httpx.Response(200, json=page)


LISTS = {
    *("apis", "operations", "apiLinks", "deployments", "diagnosticSettings", "roleAssignments"),
    *("revisions", "products", "backends", "namedValues", "loggers", "policyFragments"),
    *("workspaces", "gateways", "diagnostics", "subscriptions"),
}
"""Lists that are there though they may be empty."""


class Credential:
    """Gives the token that `Arm` takes."""

    token = "arm-token"

    def get_token(self, *scopes: str) -> Credential:
        assert scopes == ("https://management.azure.com/.default",)
        return self
