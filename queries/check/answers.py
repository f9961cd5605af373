"""What an answer to a call through the gateway means: done, call again, or broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from queries.contract import MODEL_REFUSED, PROMPT_REFUSED

ROLE_WAIT = 30 * 60
"""Seconds for which a new role assignment may not act yet.

https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
"""
DEPLOYMENT_WAIT = 5 * 60
"""Seconds for which a new deployment may answer DeploymentNotFound, as the answer itself says."""
GATEWAY_WAIT = 60
"""Seconds for which a new API or a new key may be unknown to the gateway's units."""
THROTTLE_WAIT = 10 * 60
"""Seconds of 429 after which the capacity is taken to be too small."""
FAULT_WAIT = 3 * 60
"""Seconds for which server errors and lost connections are tried again."""
LONGEST_RETRY_AFTER = 60.0
"""Seconds after which a call is worth making again, whatever the service asks for."""
CLOCK_ERROR = timedelta(seconds=5)
"""Difference from the service's `Date` (whole seconds) above which this machine's clock is off."""


@dataclass(frozen=True)
class Refusal:
    """Why a call was not answered, and for how long it is worth calling again."""

    cause: str
    fix: str
    patience: float = 0
    """Seconds from the first call of this deployment; 0 gives up at once."""
    retry_after: float = 0
    throttled: bool = False
    """Whether the service has no room now."""


NOT_TRACED = "FailoverCheckNotAllowed"
"""Code of the policy's answer to a call that names an account, and that the gateway does not trace.
"""
DENIED = range(401, 404)
KEY_FIX = (
    "the gateway refuses the key: link the API to the product and keep the consumer active; if "
    "keys were regenerated, pulumi up reads the keys again"
)
ROLE_FIX = (
    "give the gateway's identity the role that gatewayRole names (Cognitive Services OpenAI User) "
    "on the account, and check that the policy sends its token"
)
IDENTITY_FIX = (
    "the gateway sends no token: the API's policy must set one with "
    "authentication-managed-identity (pulumi up --refresh puts the policy back)"
)
AUDIENCE_FIX = "the policy's authentication-managed-identity asks for a token of the wrong resource"
NETWORK_FIX = (
    "let the gateway through the account's network rules (portal: Azure OpenAI > Networking)"
)
DEPLOYMENT_FIX = "the account has no such deployment: pulumi up --refresh"
ROUTE_FIX = (
    "no operation of the API matches: check apiPath, the imported document and the policy's "
    "backend URL"
)
CAPACITY_FIX = "raise the deployment's capacity or the account's quota"
QUOTA_FIX = (
    "the consumer has used up its tokens of the period: wait until the quota is renewed, raise it, "
    "or check as another consumer"
)
PLAN_FIX = (
    "the consumer's plan refuses the call: the stack's output names another plan than the policy "
    "has, pulumi up --refresh; or check as another consumer"
)
RATE_FIX = (
    "the gateway limits what this consumer may use a minute, and the account does not: raise "
    "tokensPerMinute or callsPerMinute of its plan, or check with --depth quick"
)
OF_PLANS = frozenset({QUOTA_FIX, PLAN_FIX, RATE_FIX})
"""Fixes of what the gateway refuses by a consumer's plan, before any account gets it."""
FAULT_FIX = (
    "see gateway-errors.kql for the cause that the gateway logged; check the policy's backend URL "
    "and managed identity"
)
REQUEST_FIX = "the model refuses the request: check checkApiVersion and the model"
REFUSALS: tuple[tuple[range, str, float, str], ...] = (
    # The account's own words, which name a subscription key too:
    # https://learn.microsoft.com/azure/ai-services/authentication
    (DENIED, "wrong API endpoint", 0, IDENTITY_FIX),
    (DENIED, NOT_TRACED, 0, KEY_FIX),
    # https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
    (DENIED, "quota is exceeded", 0, QUOTA_FIX),
    (DENIED, MODEL_REFUSED, 0, PLAN_FIX),
    (range(413, 414), PROMPT_REFUSED, 0, PLAN_FIX),
    (range(429, 430), "limit is exceeded. Try again in", THROTTLE_WAIT, RATE_FIX),
    # https://learn.microsoft.com/azure/api-management/api-management-subscriptions
    (DENIED, "subscription key", GATEWAY_WAIT, KEY_FIX),
    (DENIED, "audience", 0, AUDIENCE_FIX),
    # https://learn.microsoft.com/azure/ai-services/disable-local-auth
    (DENIED, "AuthenticationTypeDisabled", 0, IDENTITY_FIX),
    (DENIED, "firewall", 0, NETWORK_FIX),
    # https://github.com/TabularEditor/TabularEditor3/issues/1557
    (DENIED, "public access is disabled", 0, NETWORK_FIX),
    (DENIED, "", ROLE_WAIT, ROLE_FIX),
    (range(404, 405), "deployment", DEPLOYMENT_WAIT, DEPLOYMENT_FIX),
    (range(404, 405), "", GATEWAY_WAIT, ROUTE_FIX),
    (range(429, 430), "", THROTTLE_WAIT, CAPACITY_FIX),
    (range(408, 409), "", FAULT_WAIT, FAULT_FIX),
    (range(500, 600), "", FAULT_WAIT, FAULT_FIX),
    (range(600), "", 0, REQUEST_FIX),
)
"""Status, words of the answer, seconds of patience, fix: the first that fits counts."""


def refusal(response: httpx.Response) -> Refusal | None:
    """Tell why the call was refused; None if it was answered."""
    status = response.status_code
    if status == httpx.codes.OK:
        return None
    code, message = said(response)
    cause = f"HTTP {status}{f' {code}' if code else ''}: {message}"
    patience, fix = next(
        (patience, fix)
        for statuses, words, patience, fix in REFUSALS
        if status in statuses and words.lower() in cause.lower()
    )
    throttled = status == httpx.codes.TOO_MANY_REQUESTS
    return Refusal(cause, fix, patience, retry_after(response) if patience else 0, throttled)


def unreachable(error: httpx.RequestError) -> Refusal:
    """Make the refusal of a call that got no response."""
    cause = f"the gateway cannot be reached: {type(error).__name__}: {error}"
    return Refusal(cause, "check the gateway's URL, DNS and network rules from here", FAULT_WAIT)


def said(response: httpx.Response) -> tuple[str, str]:
    """Return code and message of an error, in the gateway's shape or the model endpoint's."""
    try:
        body: Any = response.json()
    except ValueError:
        return "", " ".join(response.text.split())[:200] or response.reason_phrase
    body = body if isinstance(body, dict) else {}
    error = body.get("error") if isinstance(body.get("error"), dict) else body
    code = str(error.get("code") or "")
    return ("" if code.isdigit() else code), str(error.get("message") or "no message")[:300]


def retry_after(response: httpx.Response, longest: float = LONGEST_RETRY_AFTER) -> float:
    """Return the seconds to wait, as the service asks, up to `longest`.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota
    """
    try:
        asked = float(response.headers.get("retry-after", 0))
    except ValueError:
        return 0
    return min(max(asked, 0), longest)


def not_offered(cause: str) -> bool:
    """Tell whether the model does not serve this kind of call: some have no responses.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses#model-support
    """
    words = ("OperationNotSupported", "unsupported_model", "does not work with the specified model")
    return any(word in cause for word in words)


def too_few_tokens(cause: str) -> bool:
    """Tell whether the model needs more tokens than it was given: some think before they write.

    https://github.com/steipete/CodexBar/issues/2867
    """
    return "output limit was reached" in cause


def clock_error(response: httpx.Response, now: datetime) -> timedelta:
    """Return what to add to this machine's clock to get the service's."""
    try:
        date = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return timedelta()
    skew = date.replace(tzinfo=date.tzinfo or UTC) - now
    return skew if abs(skew) > CLOCK_ERROR else timedelta()
