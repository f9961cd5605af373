"""Microsoft Entra as an issuer of tokens: its keys, and the documents by which others find them.

https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
https://learn.microsoft.com/entra/identity-platform/access-tokens
"""

import json
from functools import cache
from threading import Lock
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.cloud import TENANT_ID
from sandbox.errors import ArmError
from sandbox.http import Endpoint, Request, Response

HOST = "login.microsoftonline.com"
_MAKING = Lock()
KEY_ID = "sandbox-signing-key"
ALGORITHM = "RS256"
_CONFIGURATIONS = {
    "/.well-known/openid-configuration": "",
    "/v2.0/.well-known/openid-configuration": "/v2.0",
}
"""Paths of the documents of a tenant, and what each puts behind the tenant."""


def issuer(tenant: str) -> str:
    """Return the issuer of a tenant's tokens of version 1.0, which Azure's own services get.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    return f"https://sts.windows.net/{tenant}/"


@cache
def _made() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _key() -> rsa.RSAPrivateKey:
    """Return the key that signs while this process runs: one, however many ask at first."""
    with _MAKING:
        return _made()


def signed(claims: dict[str, Any]) -> str:
    """Return claims as a token that Entra has signed.

    https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-signature
    """
    return jwt.encode(claims, _key(), ALGORITHM, headers={"kid": KEY_ID})


def verified(token: str) -> dict[str, Any] | None:
    """Return the claims of a token that is Entra's, expired or not; None for any other.

    Sure: no belief.
    """
    unasked = {f"verify_{one}": False for one in ("aud", "exp", "nbf", "iat")}
    try:
        return jwt.decode(token, _key().public_key(), [ALGORITHM], options=cast("Any", unasked))
    except jwt.PyJWTError:
        return None


def endpoint() -> Endpoint:
    """Serve the tenant's OpenID configurations, and the keys to which both lead.

    https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#fetch-the-openid-configuration-document
    """

    def answer(request: Request) -> Response:
        _, tenant, *rest = request.path.split("/")
        place = "/" + "/".join(rest)
        if tenant != TENANT_ID:
            raise ArmError(400, "invalid_tenant", f"Tenant '{tenant}' not found.")
        if place in _CONFIGURATIONS:
            base = f"https://{HOST}/{tenant}"
            second = place.startswith("/v2.0")
            return Response.json(
                200,
                {
                    "issuer": f"{base}/v2.0" if second else issuer(tenant),
                    "jwks_uri": f"{base}/discovery{_CONFIGURATIONS[place]}/keys",
                },
            )
        if place in ("/discovery/keys", "/discovery/v2.0/keys"):
            key = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
            return Response.json(200, {"keys": [{**key, "kid": KEY_ID, "use": "sig"}]})
        raise ArmError(404, "NotFound", f"the sandbox's Entra has no {place}")

    return answer
