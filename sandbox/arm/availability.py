"""What a subscription may have: regions, services, tiers, free names, and the caller's rights.

https://learn.microsoft.com/rest/api/resources/subscriptions/list-locations
"""

import json
import re
from collections.abc import Callable
from typing import Any

from sandbox import rbac
from sandbox.arm import debug
from sandbox.arm.base import ACCOUNT, AZURE, SERVICE, missing, parse, refuse
from sandbox.cloud import SUBSCRIPTION_ID, SUBSCRIPTIONS, Cloud
from sandbox.http import Request, Response

_HERE = f"/subscriptions/{SUBSCRIPTION_ID}"
_SCOPE = rf"(/subscriptions/(?:{'|'.join(SUBSCRIPTIONS)})(?:/resourceGroups/.+)?)"
_SERVICE = r"/subscriptions/.+/providers/Microsoft\.ApiManagement/service/[^/]+"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
"""The deployer is Owner of the subscription: see `sandbox.cloud.DEPLOYER_OBJECT_ID`.

Sure: no belief.
"""


def answer(cloud: Cloud, request: Request, path: str) -> Response | None:
    """Answer a question about what may be had; return None for all other requests.

    Sure: no belief.
    """
    for (method, pattern), endpoint in _ENDPOINTS.items():
        found = re.fullmatch(pattern, path, re.IGNORECASE)
        if found and method == request.method:
            return Response.json(200, endpoint(cloud, request, *found.groups()))
    return None


def asks(request: Request, path: str) -> bool:
    """Whether a request is a POST that asks, and changes nothing.

    Sure: no belief.
    """
    posts = [pattern for method, pattern in _ENDPOINTS if method == "POST"]
    return request.method == "POST" and any(
        re.fullmatch(pattern, path, re.IGNORECASE) for pattern in posts
    )


def _locations(_: Cloud, __: Request) -> Any:
    """A subscription lists its regions, each with the group of its geography.

    https://learn.microsoft.com/rest/api/resources/subscriptions/list-locations
    """
    value = [
        {
            "id": f"{_HERE}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": name,
            "metadata": {"regionType": "Physical", "geographyGroup": _group(name)},
        }
        for name in AZURE["regions"]
    ]
    return {"value": value}


def _group(name: str) -> str:
    """A region lies in a group of geographies: US, Canada, Europe and so on.

    https://learn.microsoft.com/rest/api/resources/subscriptions/list-locations
    Sure: inferred, as the page shows it of eastus only.
    """
    groups = {
        "US": r"(?!.*(canada|brazil|india)).*us\d?",
        "Canada": "canada.*",
        "South America": "brazil.*",
        "Asia Pacific": ".*(asia|india|japan|korea|australia).*",
        "Middle East": "(uae|qatar).*",
        "Africa": "southafrica.*",
    }
    return next((group for group, form in groups.items() if re.fullmatch(form, name)), "Europe")


def _provider(cloud: Cloud, _: Request, namespace: str) -> Any:
    """A namespace tells whether it is registered, and where each of its types can be.

    https://learn.microsoft.com/rest/api/resources/providers/get
    """
    noted = cloud.get(f"{_HERE}/providers/{namespace}")
    types = [one for one in AZURE["types"] if one.lower().startswith(f"{namespace.lower()}/")]
    if not types:
        raise refuse("InvalidResourceNamespace", namespace=namespace)
    return {
        "id": f"{_HERE}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "NotRegistered" if noted else "Registered",
        "resourceTypes": [
            {
                "resourceType": one.partition("/")[2],
                "locations": AZURE["types"][one].get("regions", AZURE["regions"]),
            }
            for one in types
        ],
    }


def _tiers(_: Cloud, __: Request) -> Any:
    """A subscription lists the tiers of API Management, each with its regions and most units.

    https://learn.microsoft.com/rest/api/apimanagement/api-management-skus/list
    Sure: inferred, as the regions that lack a tier are in no public answer: here none does.
    """
    value = [
        {
            "resourceType": "service",
            "name": tier,
            "locations": AZURE["regions"],
            "capacity": {"minimum": min(most, 1), "maximum": most},
            "restrictions": [],
        }
        for tier, most in AZURE["units"].items()
    ]
    return {"value": value}


def _permissions(cloud: Cloud, _: Request, scope: str) -> Any:
    """The caller's own permissions at a scope: the deployer is Owner of both subscriptions.

    https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group
    https://learn.microsoft.com/azure/azure-resource-manager/management/overview
    Sure: inferred, as the reference has groups and resources, and guides read subscriptions so.
    """
    if "/resourcegroups/" in scope.lower() and cloud.get(scope) is None:
        raise missing(parse(scope))
    owner = rbac.BUILT_IN[OWNER]
    kept = ("actions", "notActions", "dataActions", "notDataActions")
    return {"value": [{kind: owner[kind] for kind in kept}]}


def _service_name(cloud: Cloud, request: Request) -> Any:
    """A name of a service is free unless a service has it, or a deleted one keeps it.

    https://learn.microsoft.com/rest/api/apimanagement/api-management-service/check-name-availability
    Sure: inferred, as no page says that a soft-deleted service counts.
    """
    name = str(_asked(request).get("name"))
    taken = _holders(cloud, SERVICE, name)
    return {
        "nameAvailable": not taken,
        "reason": "AlreadyExists" if taken else "Valid",
        "message": f"{name} is already in use. Please select a different name." if taken else "",
    }


def _subdomain(cloud: Cloud, request: Request) -> Any:
    """A subdomain is free unless an account has it, or a deleted one keeps it.

    https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/check-domain-availability/check-domain-availability
    https://github.com/Azure/bicep/issues/17663
    """
    name = str(_asked(request).get("subdomainName"))
    taken = _holders(cloud, ACCOUNT, name)
    return {
        "isSubdomainAvailable": not taken,
        "reason": f"Sub domain name '{name}' is already used." if taken else None,
        "subdomainName": name,
        "type": "Microsoft.CognitiveServices/accounts",
    }


def _holders(cloud: Cloud, kind: str, name: str) -> list[str]:
    kept = [one for one in cloud.deleted() if one.type == kind]
    return [one.id for one in [*cloud.of_type(kind), *kept] if one.name.lower() == name.lower()]


def _asked(request: Request) -> dict[str, Any]:
    """Return the body of a request, which is an object.

    Sure: no belief.
    """
    try:
        return dict(json.loads(request.body or b"{}"))
    except (TypeError, ValueError) as error:
        raise refuse("InvalidRequestContent", text=error) from error


_ENDPOINTS: dict[tuple[str, str], Callable[..., Any]] = {
    ("GET", rf"{_HERE}/locations"): _locations,
    ("GET", rf"{_HERE}/providers/([^/]+)"): _provider,
    ("GET", rf"{_HERE}/providers/Microsoft\.ApiManagement/skus"): _tiers,
    ("GET", rf"{_SCOPE}/providers/Microsoft\.Authorization/permissions"): _permissions,
    ("POST", rf"{_HERE}/providers/Microsoft\.ApiManagement/checkNameAvailability"): _service_name,
    (
        "POST",
        rf"({_SERVICE})/gateways/managed/listDebugCredentials",
    ): debug.credentials,
    (
        "POST",
        rf"{_HERE}/providers/Microsoft\.CognitiveServices/checkDomainAvailability",
    ): _subdomain,
}
