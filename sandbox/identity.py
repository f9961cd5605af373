"""Microsoft Entra tokens: minted for the gateway and the person logged in, checked by the services.

Claims: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import jwt

from sandbox.cloud import TENANT_ID, Cloud
from sandbox.errors import ArmError

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
    """A bearer token and the second at which it expires."""
    expires = int(time.time()) + LIFETIME_SECONDS
    claims = {
        "aud": audience,
        "oid": object_id,
        "tid": TENANT_ID,
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "exp": expires,
    }
    return jwt.encode(claims, cloud.derive("token-signing", length=64), "HS256"), expires


def verify(cloud: Cloud, token: str) -> Claims:
    """The claims of a token, or 401 if it is malformed, expired or not ours."""
    try:
        claims = jwt.decode(
            token,
            cloud.derive("token-signing", length=64),
            ["HS256"],
            options={"verify_aud": False},
        )
    except jwt.PyJWTError as error:
        raise ArmError(
            401, "401", "Unauthorized. Access token is missing, invalid or expired."
        ) from error
    return Claims(str(claims["aud"]), str(claims["oid"]))
