"""The managed-identity endpoint by which whoever is inside the sandbox is logged in to Azure.

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from __future__ import annotations

import hmac

from sandbox import identity
from sandbox.cloud import DEPLOYER_OBJECT_ID, Cloud
from sandbox.errors import ArmError
from sandbox.http import Face, Request, Response

PATH = "/msi/token"


def identity_face(cloud: Cloud, secret: str) -> Face:
    """Tokens of the deployer for any resource, for callers whose X-IDENTITY-HEADER is `secret`."""

    def face(request: Request) -> Response:
        resource = dict(request.query).get("resource", "")
        if request.path != PATH:
            raise ArmError(404, "NotFound", f"tokens are at {PATH}")
        if not hmac.compare_digest(request.headers.get("X-IDENTITY-HEADER"), secret):
            raise ArmError(401, "Unauthorized", "X-IDENTITY-HEADER is missing or wrong")
        if not resource:
            raise ArmError(400, "BadRequest", "the query parameter resource is missing")
        token, expires = identity.mint(cloud, resource, DEPLOYER_OBJECT_ID)
        answer = {"access_token": token, "expires_on": str(expires), "token_type": "Bearer"}
        return Response.json(200, answer | {"resource": resource})

    return face
