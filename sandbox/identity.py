"""Microsoft Entra tokens: minted for the gateway and the person logged in, checked by the services.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference (claims)
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import hmac
from dataclasses import dataclass

from sandbox import clock, entra
from sandbox.cloud import DEPLOYER_OBJECT_ID, TENANT_ID, Cloud
from sandbox.errors import ArmError
from sandbox.http import Endpoint, Request, Response

PATH = "/msi/token"
DEPLOYER_APPLICATION_ID = "deadbeef-0000-4000-8000-0000000000a9"
"""The application with which the deployer signs in."""
LIFETIME_SECONDS = 86_400
"""Managed identities get tokens of 24 hours.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations
"""


@dataclass(frozen=True)
class Claims:
    """Whom a token names, and for which resource it was issued."""

    audience: str
    object_id: str


def mint(cloud: Cloud, audience: str, object_id: str, application: str = "") -> tuple[str, int]:
    """A bearer token and the second at which it expires.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    now = int(clock.now())
    expires = now + LIFETIME_SECONDS
    claims = {
        "aud": audience,
        "appid": application or application_of(cloud, object_id),
        "oid": object_id,
        "tid": TENANT_ID,
        "iss": entra.issuer(TENANT_ID),
        "iat": now,
        "nbf": now,
        "exp": expires,
        "ver": "1.0",
    }
    return entra.signed(claims), expires


def application_of(cloud: Cloud, object_id: str) -> str:
    """The application id of an identity, which is another GUID than its object id.

    https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals
    """
    deployer = object_id == DEPLOYER_OBJECT_ID
    return DEPLOYER_APPLICATION_ID if deployer else cloud.derive_guid("application", object_id)


def verify(_: Cloud, token: str) -> Claims | None:
    """Return the claims of a token; None if it is malformed, expired or not ours.

    Sure: no belief.
    """
    claims = entra.verified(token)
    lasts = claims and claims["nbf"] <= clock.now() < claims["exp"]
    return Claims(str(claims["aud"]), str(claims["oid"])) if claims and lasts else None


def authenticate(cloud: Cloud, authorization: str, *audiences: str) -> Claims | str:
    """Who an Authorization header names, or the code of the refusal; slashes at the end are free.

    https://learn.microsoft.com/azure/azure-monitor/logs/api/errors
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return "AuthenticationFailed"
    claims = verify(cloud, token)
    if claims is None:
        return "InvalidAuthenticationToken"
    good = claims.audience.rstrip("/") in audiences
    return claims if good else "InvalidAuthenticationTokenAudience"


def identity_endpoint(cloud: Cloud, secret: str) -> Endpoint:
    """Callers whose X-IDENTITY-HEADER is `secret` get the deployer's tokens for any resource.

    With `client_id` they get those of the identity that has this application id.
    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
    Sure: inferred, as Azure gives tokens only of identities assigned to the machine; here each is.
    """

    def endpoint(request: Request) -> Response:
        query = dict(request.query)
        resource, application = query.get("resource", ""), query.get("client_id", "")
        if request.path != PATH:
            raise ArmError(404, "NotFound", f"tokens are at {PATH}")
        if not hmac.compare_digest(request.headers.get("X-IDENTITY-HEADER"), secret):
            raise ArmError(401, "Unauthorized", "X-IDENTITY-HEADER is missing or wrong")
        if not resource:
            raise ArmError(400, "BadRequest", "the query parameter resource is missing")
        who = cloud.derive_guid("object", application) if application else DEPLOYER_OBJECT_ID
        token, expires = mint(cloud, resource, who, application)
        answer = {"access_token": token, "expires_on": str(expires), "token_type": "Bearer"}
        return Response.json(200, answer | {"resource": resource})

    return endpoint
