"""The check's own token of Microsoft Entra: whose consumer's it is, and tokens to be refused."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from pydantic import SecretStr

from queries.check.configuration.connection import Credential
from queries.outputs import BEARER, Consumer, Target

ENTRIES = {"azp": "application", "appid": "application", "roles": "role", "groups": "group"}
"""Claims of a token that say whose it is, and what the policy calls each.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""
KINDS_WITHOUT_CASE = ("application", "group")
NO_END = 4_102_444_800
"""The year 2100, in seconds since 1970, as the claim `exp` has it."""
NOBODY = "the token of this identity is of no consumer: its application is {application}"
OTHERS = "the token of this identity is {name}'s"


def mine(target: Target, credential: Credential) -> tuple[Consumer | None, str, Mapping[str, Any]]:
    """Return the consumer as whom this identity's tokens call, or None; whose they are, or why not.

    The last are the claims of its token, none where it has none. Tokens are asked for anew for each
    call: azure-identity keeps them, and renews them in time.
    """
    tokens = renewed(credential, target.entra_audience)
    try:
        first = tokens()
    except ClientAuthenticationError as error:
        said = str(error).strip().splitlines() or ["no reason given"]
        return None, f"no token for {target.entra_audience} can be had: {said[0]}", {}
    claims = read(first)
    name = consumer_of(target, claims)
    if not name:
        application = str(claims.get("azp") or claims.get("appid") or "not told")
        return None, NOBODY.format(application=application), claims
    own = Consumer(name=name, key=SecretStr(first), tokens=tokens)
    return own, OTHERS.format(name=name), claims


def renewed(credential: Credential, audience: str) -> Callable[[], str]:
    """Return what gives a token for an audience that has not expired.

    https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope
    """
    return lambda: credential.get_token(f"{audience}/.default").token


def read(token: str) -> Mapping[str, Any]:
    """Return the claims of a token, unproven: the gateway proves them; none of what is no JWT."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def consumer_of(target: Target, claims: Mapping[str, Any]) -> str:
    """Return the consumer whose a token is, as the policy finds it: the first that fits."""
    held = set[str]()
    for claim, kind in ENTRIES.items():
        given = claims.get(claim) or []
        for one in given if isinstance(given, list) else [given]:
            said = str(one).lower() if kind in KINDS_WITHOUT_CASE else str(one)
            held.add(f"{kind}:{said}")
    return next((name for claim, name in target.token_consumers if claim in held), "")


def foreign(target: Target, claims: Mapping[str, Any]) -> str:
    """Make a token that nobody has issued: right in all but its signature, by an unknown key.

    It says what this identity's own token says, so that nothing else refuses it.
    """

    def part(value: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    made = {"tid": target.entra_tenant, **claims, "aud": target.entra_audience, "exp": NO_END}
    header = {"alg": "RS256", "typ": "JWT", "kid": secrets.token_hex(8)}
    return BEARER + f"{part(header)}.{part(made)}.{secrets.token_urlsafe(256)}"


def for_another(target: Target, credential: Credential) -> str:
    """Return a token of this identity for the account, which the gateway must refuse; "" for none.

    The gateway may see that one: a policy that sent it on would reach the account alone.
    """
    if target.audience.rstrip("/") == target.entra_audience.rstrip("/"):
        return ""
    try:
        return BEARER + renewed(credential, target.audience)()
    except ClientAuthenticationError:
        return ""
