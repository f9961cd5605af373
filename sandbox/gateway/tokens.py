"""`validate-jwt`: whose token a caller sends, and what is wrong with one that is refused.

https://learn.microsoft.com/azure/api-management/validate-jwt-policy
https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies (reasons)
"""

import json
from typing import Any
from xml.etree.ElementTree import Element

import jwt

from sandbox import clock
from sandbox.errors import ArmError, NotModelledError
from sandbox.gateway.call import Call, Claims, GatewayError, Json, Jwt
from sandbox.http import Endpoint, Headers, Request

ALGORITHMS = ("RS256", "RS512", "PS256")
"""Algorithms of signatures that a published key can prove.

https://learn.microsoft.com/azure/api-management/validate-jwt-policy#usage-notes
"""
ATTRIBUTES = (
    *("header-name", "require-scheme", "require-expiration-time", "clock-skew"),
    *("failed-validation-httpcode", "failed-validation-error-message"),
    "output-token-variable-name",
)
"""Attributes of a statement that are modelled."""
CHILDREN = ("openid-config", "audiences", "issuers")
"""What of a statement is modelled, in the order in which the page has it."""
NOT_PRESENT = "JWT not present."
_UNASKED: Any = {f"verify_{one}": False for one in ("aud", "exp", "nbf", "iat")}


def validate(call: Call, statement: Element, send: Endpoint) -> None:
    """Refuse a call without a good token with 401, or with the status that the statement says.

    https://learn.microsoft.com/azure/api-management/validate-jwt-policy
    """
    places = [CHILDREN.index(one.tag) if one.tag in CHILDREN else -1 for one in statement]
    if places != sorted(places) or -1 in places:
        raise NotModelledError("the sandbox's gateway does not run this validate-jwt")
    try:
        claims = _validated(call, statement, send)
    except _Refused as refused:
        status = int(statement.get("failed-validation-httpcode") or 401)
        reason, text = refused.args
        said = statement.get("failed-validation-error-message") or text
        raise GatewayError(status, statement.tag, reason, text, said) from None
    name = statement.get("output-token-variable-name")
    if name:
        call.variables[name] = Jwt(Claims(claims))


class _Refused(Exception):  # noqa: N818 - it ends the validation, and is answered
    """A reason of `LastErrorReason`, and the text beside it."""


def _validated(call: Call, statement: Element, send: Endpoint) -> dict[str, list[str]]:
    """Return the claims of a token: its signature is judged first, then time, audience and issuer.

    Sure: inferred, as the page has the reasons, and the order is that of the library behind.
    """
    given = call.headers.get(str(statement.get("header-name")))
    scheme, _, token = given.partition(" ")
    if not token:
        scheme, token = "", given
    wanted = statement.get("require-scheme") or ""
    if not token.strip() or (wanted and scheme.lower() != wanted.lower()):
        raise _Refused("TokenNotPresent", NOT_PRESENT)
    claims, issuers = _signed(token.strip(), statement, send)
    _in_time(claims, statement)
    audiences = claims.get("aud")
    held = audiences if isinstance(audiences, list) else [audiences]
    allowed = _texts(statement, "audiences")
    if allowed and not set(held) & set(allowed):
        raise _Refused("TokenAudienceNotAllowed", "IDX10214: Audience validation failed.")
    if claims.get("iss") not in (_texts(statement, "issuers") or issuers):
        raise _Refused("TokenIssuerNotAllowed", "IDX10205: Issuer validation failed.")
    return {name: _plain(value) for name, value in claims.items()}


def _signed(token: str, statement: Element, send: Endpoint) -> tuple[Json, list[str]]:
    """Return the claims of a token that a published key has signed, and the keys' issuers."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise _Refused("JwtInvalid", "IDX12741: JWT must have three segments.") from None
    keys, issuers = list[Json](), list[str]()
    for one in statement.findall("openid-config"):
        document = _fetched(str(one.get("url")), send)
        issuers.append(str(document["issuer"]))
        keys += _fetched(str(document["jwks_uri"]), send)["keys"]
    found = [key for key in keys if key.get("kid") == header.get("kid")]
    if not found or header.get("alg") not in ALGORITHMS:
        reason = "IDX10503: Signature validation failed. Token does not have a known key."
        raise _Refused("TokenSignatureKeyNotFound", reason)
    try:
        key = jwt.PyJWK(found[0], algorithm=header["alg"])
        return jwt.decode(token, key, [header["alg"]], options=_UNASKED), issuers
    except jwt.PyJWTError:
        raise _Refused("TokenSignatureInvalid", "IDX10511: Signature validation failed.") from None


def _in_time(claims: Json, statement: Element) -> None:
    """Refuse a token before its time and from its end on, give or take the clocks' difference."""
    skew = int(statement.get("clock-skew") or 0)
    if "exp" not in claims and statement.get("require-expiration-time") != "false":
        raise _Refused("JwtInvalid", "IDX10225: Lifetime validation failed. No expiration time.")
    if clock.now() >= claims.get("exp", float("inf")) + skew:
        text = "IDX10223: Lifetime validation failed. The token is expired."
        raise _Refused("TokenExpired", text)
    if clock.now() < claims.get("nbf", 0) - skew:
        text = "IDX10222: Lifetime validation failed. The token is not yet valid."
        raise _Refused("JwtInvalid", text)


def _fetched(url: str, send: Endpoint) -> Json:
    """Return a document of the issuer; the call fails if there is none.

    https://learn.microsoft.com/azure/api-management/validate-jwt-policy#elements
    Sure: inferred, as the page says how often the documents are asked for and kept, and not how a
    call ends that has none; here each call asks anew.
    """
    try:
        answer = send(Request.to("GET", url, Headers(), b""))
        found = json.loads(answer.body) if isinstance(answer.body, bytes) else None
    except (ArmError, ConnectionError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise _Refused("JwtInvalid", f"IDX20803: Unable to obtain configuration from: '{url}'.")
    return found


def _texts(statement: Element, name: str) -> list[str]:
    """Return what stands in the elements below one child of the statement."""
    return [(one.text or "").strip() for part in statement.findall(name) for one in part]


def _plain(value: Any) -> list[str]:
    """Return a claim as `Jwt.Claims` has it, an array of texts.

    https://learn.microsoft.com/azure/api-management/api-management-policy-expressions#ContextVariables
    """
    values = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else json.dumps(one) for one in values]
