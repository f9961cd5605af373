"""Microsoft Entra tokens: minted for the gateway and the person logged in, checked by the services.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference (claims)
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import hmac
import time
from dataclasses import dataclass

import jwt

from sandbox.cloud import DEPLOYER_OBJECT_ID, TENANT_ID, Cloud
from sandbox.errors import ArmError
from sandbox.http import Endpoint, Request, Response

PATH = "/msi/token"
LIFETIME_SECONDS = 86_400
"""Managed identities get tokens of 24 hours.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations
"""


@dataclass(frozen=True)
class Claims:
    """Whom a token names, and for which resource it was issued."""

    audience: str
    object_id: str


def mint(cloud: Cloud, audience: str, object_id: str) -> tuple[str, int]:
    """A bearer token and the second at which it expires.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    expires = int(time.time()) + LIFETIME_SECONDS
    claims = {
        "aud": audience,
        "oid": object_id,
        "tid": TENANT_ID,
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "exp": expires,
    }
    return jwt.encode(claims, cloud.derive("token-signing", length=64), "HS256"), expires


def verify(cloud: Cloud, token: str) -> Claims | None:
    """Return the claims of a token; None if it is malformed, expired or not ours.

    Sure: no belief.
    """
    key = cloud.derive("token-signing", length=64)
    try:
        claims = jwt.decode(token, key, ["HS256"], options={"verify_aud": False})
    except jwt.PyJWTError:
        return None
    return Claims(str(claims["aud"]), str(claims["oid"]))


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

    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
    """

    def endpoint(request: Request) -> Response:
        resource = dict(request.query).get("resource", "")
        if request.path != PATH:
            raise ArmError(404, "NotFound", f"tokens are at {PATH}")
        if not hmac.compare_digest(request.headers.get("X-IDENTITY-HEADER"), secret):
            raise ArmError(401, "Unauthorized", "X-IDENTITY-HEADER is missing or wrong")
        if not resource:
            raise ArmError(400, "BadRequest", "the query parameter resource is missing")
        token, expires = mint(cloud, resource, DEPLOYER_OBJECT_ID)
        answer = {"access_token": token, "expires_on": str(expires), "token_type": "Bearer"}
        return Response.json(200, answer | {"resource": resource})

    return endpoint
