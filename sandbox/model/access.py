"""Who may call an account: public network, key, token, audience, role."""

import time

from sandbox import rbac
from sandbox.cloud import Cloud, Resource
from sandbox.http import Request
from sandbox.identity import verify
from sandbox.model.parameters import RefusalError
from sandbox.options import Options
from sandbox.reach import lets_in, privately

AUDIENCE = "https://cognitiveservices.azure.com"
DATA_ACTION = "Microsoft.CognitiveServices/accounts/OpenAI/"


def caller(cloud: Cloud, account: Resource, request: Request) -> str:
    """The object id of a caller with a token; a key beside it is judged first, and never good.

    https://github.com/browser-use/browser-use/issues/1295 (keys off)
    https://github.com/openinterpreter/openinterpreter/issues/319 (wrong key)
    https://github.com/Azure-Samples/azure-search-openai-demo/issues/458 (token)
    """
    if not privately(cloud, request, account):
        _check_public(account, request)
    if "api-key" in request.headers and account.properties.get("disableLocalAuth"):
        message = "Key based authentication is disabled for this resource."
        raise RefusalError(403, "AuthenticationTypeDisabled", message)
    if "api-key" in request.headers:
        message = "Access denied due to invalid subscription key or wrong API endpoint. Make sure "
        message += "to provide a valid key for an active subscription and use a correct regional "
        raise RefusalError(401, "401", f"{message}API endpoint for your resource.")
    message = "Unauthorized. Access token is missing, invalid, audience is incorrect "
    refusal = RefusalError(401, "401", f"{message}({AUDIENCE}), or have expired.")
    refusal.body = {"statusCode": 401, "message": str(refusal)}
    claims = verify(cloud, request.headers.get("Authorization").removeprefix("Bearer "))
    if claims is None or claims.audience.rstrip("/") != AUDIENCE:
        raise refusal
    return claims.object_id


def _check_public(account: Resource, request: Request) -> None:
    """A call over the internet is refused by a closed account, and by its rules.

    https://github.com/TabularEditor/TabularEditor3/issues/1557 (network)
    https://github.com/Azure-Samples/azure-sql-db-chatbot/issues/3 (network rules)
    """
    if account.properties.get("publicNetworkAccess") == "Disabled":
        message = "Public access is disabled. Please configure private endpoint."
        raise RefusalError(403, "403", message)
    rules = account.properties.get("networkAcls") or {}
    if rules.get("defaultAction") == "Deny" and not lets_in(account, request):
        message = "Access denied due to Virtual Network/Firewall rules."
        raise RefusalError(403, "403", message)


def check_role(
    cloud: Cloud, options: Options, account: Resource, principal: str, action: str, call: str
) -> None:
    """401 unless a role with the data action is assigned at the account or above, and acts.

    https://azurefeeds.com/2025/07/08/lesson-learned-527calling-azure-openai-with-managed-identity-via-sp_invoke_external_rest_endpoint
    https://learn.microsoft.com/azure/role-based-access-control/troubleshooting (delay)
    """
    for grant in rbac.granted(cloud, principal, account.id):
        acts = time.time() >= grant.created + options.role_delay
        if acts and rbac.allows(cloud, grant, DATA_ACTION + action):
            return
    message = f"The principal `{principal}` lacks the required data action "
    message += f"`{DATA_ACTION}{action}` to perform `{call}`"
    raise RefusalError(401, "PermissionDenied", f"{message} operation.")
