"""Statements that limit calls and tokens: whom they refuse, what they count and tell.

https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from sandbox import clock
from sandbox.csharp import EXPRESSION
from sandbox.errors import NotModelledError
from sandbox.gateway.call import Call, GatewayError
from sandbox.gateway.counters import MINUTE, TokenLimit, begin, length

OF_CALLS = "calls renewal-period counter-key remaining-calls-header-name"
OF_TOKENS = (
    "counter-key tokens-per-minute token-quota token-quota-period estimate-prompt-tokens "
    "remaining-tokens-header-name remaining-quota-tokens-header-name"
)
"""Attributes of the statements, as far as they are modelled.

https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#attributes
"""
CHARACTERS = 4
"""Characters of a token where tokens are estimated.

Sure: inferred, as no page tells how API Management estimates; OpenAI's rule of thumb is taken.
"""


def limit_calls(call: Call, given: Mapping[str, str]) -> None:
    """Count a call of a key, or refuse it with 429; numbers and key may be expressions.

    https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy
    https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies
    Sure: inferred, as the page of errors has the reason of `rate-limit`, and no page the source of
    this statement's: its name is taken.
    """
    limits, now = call.limits, clock.now()
    most, period = int(given["calls"]), int(given["renewal-period"])
    with limits.lock:
        rate = limits.rate("calls", given["counter-key"], bucket=is_v2(call))
        full = rate.used(most, period, now) + 1 > most
        if not full:
            rate.add(1, most, period, now)
        wait = max(math.ceil(rate.wait(most, period, now)), 1)
        left = int(most - rate.used(most, period, now))
    if header := given.get("remaining-calls-header-name"):
        call.told[header] = str(max(left, 0))
    if full:
        text = f"Rate limit is exceeded. Try again in {wait} seconds."
        raise _refused(429, "rate-limit-by-key", "RateLimitExceeded", text, wait)


def limit_tokens(call: Call, written: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Refuse a call whose key has used up its rate (429) or its quota (403).

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
    https://github.com/Azure-Samples/Apim-Samples
    Sure: shown, as the page has the codes, and public runs show words and reasons.
    """
    limits, now, source = call.limits, clock.now(), "llm-token-limit"
    limit = token_limit(call, written, given["counter-key"])
    call.met.append(limit)
    rate, most = limits.rate("tokens", limit.key, bucket=limit.bucket), limit.per_minute
    if most and rate.used(most, MINUTE, now) >= most:
        wait = math.ceil(rate.wait(most, MINUTE, now))
        text = f"Token limit is exceeded. Try again in {wait} seconds."
        raise _refused(429, source, "OpenAITokenLimitExceeded", text, wait)
    time = datetime.fromtimestamp(now, UTC)
    if limit.quota and limits.quotas["tokens", limit.key].used(limit.period, time) >= limit.quota:
        since = begin(limit.period, time)
        wait = math.ceil((since + length(limit.period, since) - time).total_seconds())
        text = f"Token quota is exceeded. Try again in {wait} seconds."
        raise _refused(403, source, "OpenAITokenQuotaExceeded", text, wait)
    call.counted.append(limit)


def _refused(status: int, source: str, reason: str, text: str, seconds: int) -> GatewayError:
    """The error of a limit says in `Retry-After` when to try again.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#attributes
    """
    error = GatewayError(status, source, reason, text, text)
    error.response.headers.add("Retry-After", str(seconds))
    return error


def is_v2(call: Call) -> bool:
    """Tell whether the service is of a v2 tier, which limits by buckets.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy (usage notes)
    """
    return str((call.service.body.get("sku") or {}).get("name")).endswith("V2")


def token_limit(call: Call, given: Mapping[str, str], key: str) -> TokenLimit:
    """A statement's numbers are plain; a prompt's tokens are not estimated beforehand.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#attributes
    """
    numbers = [value for name, value in given.items() if name != "counter-key"]
    if any(map(EXPRESSION.match, numbers)):
        raise NotModelledError("the sandbox's gateway limits tokens by plain numbers only")
    if given.get("estimate-prompt-tokens") != "false":
        raise NotModelledError("the sandbox's gateway estimates no prompt's tokens beforehand")
    return TokenLimit(
        key=key,
        per_minute=int(given.get("tokens-per-minute") or 0),
        quota=int(given.get("token-quota") or 0),
        period=given.get("token-quota-period") or "Monthly",
        bucket=is_v2(call),
        headers=(
            given.get("remaining-tokens-header-name", ""),
            given.get("remaining-quota-tokens-header-name", ""),
        ),
    )


def settle(call: Call) -> None:
    """Count a finished call's tokens against each limit that the call has met.

    Tokens are known with the answer, so calls that are under way together may pass a limit.
    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
    """
    if call.counted:
        tokens = _used_by(call)
        with call.limits.lock:
            for one in call.counted:
                one.count(call.limits, tokens, clock.now())
    call.counted = []


def tell(call: Call) -> None:
    """Write what is left into the response headers that statements name.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#attributes
    Sure: inferred, as no page says what a stream's header holds, which is sent before the answer:
    what was left before it.
    """
    for one in call.met:
        for name, value in zip(one.headers, one.left(call.limits, clock.now()), strict=True):
            if name:
                call.told[name] = str(value)
    for name, text in call.told.items():
        call.response.headers.delete(name)
        call.response.headers.add(name, text)


def _used_by(call: Call) -> int:
    """Return the tokens that a finished call counts for: those told, of a stream an estimate.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy (usage notes)
    Sure: inferred, as the page says that tokens of streams are estimated, and not how; and that
    an answer without `usage` counts for nothing.
    """
    if call.reply is None or call.reply.status >= 400:  # noqa: PLR2004
        return 0
    events = [line[5:] for line in bytes(call.body).splitlines() if line.startswith(b"data:")]
    if not events:
        return _total(bytes(call.body))
    written = sum(len(text) for event in events for text in _texts(event))
    return math.ceil(len(call.content()) / CHARACTERS) + math.ceil(written / CHARACTERS)


def _total(body: bytes) -> int:
    with suppress(ValueError, AttributeError, TypeError):
        return int((json.loads(body).get("usage") or {}).get("total_tokens") or 0)
    return 0


def _texts(event: bytes) -> Iterator[str]:
    """Yield what an event of a stream adds to the answer."""
    with suppress(ValueError, AttributeError, TypeError):
        found = json.loads(event)
        for choice in found.get("choices") or []:
            yield str((choice.get("delta") or {}).get("content") or choice.get("text") or "")
        if isinstance(found.get("delta"), str):
            yield found["delta"]
