"""The plans of consumers, as branches of the gateway's policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from components.settings.plans import Limits
from queries.contract import (
    MODEL_REFUSED,
    PROMPT_REFUSED,
    REMAINING_CALLS,
    REMAINING_QUOTA,
    REMAINING_TOKENS,
)

Group = tuple[Limits, Sequence[str]]
"""A set of limits, and the names of the consumers that have it."""
INDENT = " " * 6
"""Blanks before a branch in the document."""

FORM = (
    'Regex.IsMatch(context.Request.Headers.GetValueOrDefault("Content-Type", ""), "^ *multipart/",'
    " RegexOptions.IgnoreCase)"
    ' && !Regex.IsMatch(context.Request.Url.Path, "/deployments/[^/]", RegexOptions.IgnoreCase)'
)
"""Whether a call is a form whose path names no deployment."""
BY_KEY = "context.Subscription.Id.ToLowerInvariant()"
"""Name of the consumer whose key a call has; without a key there is no subscription."""
EITHER_WAY = (
    'context.Variables.GetValueOrDefault<string>("consumer", '
    'context.Subscription == null ? "" : context.Subscription.Id).ToLowerInvariant()'
)
"""Name of the consumer where tokens tell it too: fragments/token-callers.xml keeps it."""


def branches(
    groups: Sequence[Group], *, api: str, header: str, by_token: bool = False
) -> Iterator[str]:
    """Yield the lines of a `when` for each set of limits; `by_token`: tokens name consumers too.

    A subscription's id decides, so that no consumer's subscription is touched: whoever moves to
    another plan keeps its keys. Counters are those of `api` alone, as a gateway has one counter for
    each key value in all of its policies. Of a call that a plan refuses by itself, `header` tells
    the code to the log, which has no error of it.
    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#usage-notes
    """
    whose = EITHER_WAY if by_token else BY_KEY
    for limits, names in groups:
        listed = ",".join(name.lower() for name in names)
        yield f'<when condition="@(",{listed},".Contains("," + {whose} + ","))">'
        for line in _inside(limits, api, header, whose):
            yield f"  {line}"
        yield "</when>"


LARGEST = 256 * 1024
"""Bytes of the largest policy document.

https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-service-limits.md
"""
ADDRESSES = 2 * 1024
"""Most bytes of the addresses and numbers that only a deployment knows."""
WAY = 512
"""Most bytes of a branch that leads to one of several accounts: its names have 80 characters."""


def check_size(
    groups: Sequence[Group],
    template: str,
    *,
    api: str,
    claims: Sequence[tuple[str, str]],
    ways: int,
    further: Iterable[str] = (),
) -> None:
    """Refuse a policy that would be larger than Azure takes.

    `claims` are those by which tokens name consumers, `ways` the branches to several accounts,
    `further` lines that stand beside those of the plans.

    Raises:
        ValueError: the message says how large it would be.
    """
    own = branches(groups, api=api, header="x-gateway-accounting", by_token=bool(claims))
    lines = [*own, *further]
    size = len(template.encode()) + sum(len(line) + len(INDENT) + 1 for line in lines)
    size += sum(len(claim) + len(name) + 12 for claim, name in claims) + ways * WAY + ADDRESSES
    if size > LARGEST:
        raise ValueError(
            f"it would have some {size:,} bytes, of {len(groups):,} different sets of limits and "
            f"{len(claims):,} applications, roles and groups, and Azure takes {LARGEST:,}: give "
            "consumers a plan in common instead of limits of their own, and a role each instead of "
            "many ids"
        )


def _inside(limits: Limits, api: str, header: str, whose: str) -> Iterator[str]:
    if limits.models:
        yield from _models(limits.models, header)
    if limits.prompt_bytes:
        yield from _prompt(limits.prompt_bytes, header)
    if limits.calls_per_minute:
        yield (
            f'<rate-limit-by-key calls="{limits.calls_per_minute}" renewal-period="60"'
            f' counter-key="@("{api}/calls/" + {whose})"'
            f' remaining-calls-header-name="{REMAINING_CALLS}" />'
        )
    if limits.tokens_per_minute or limits.token_quota:
        yield _tokens(limits, api, whose)


def _tokens(limits: Limits, api: str, whose: str) -> str:
    """Write the statement that counts tokens, by what the model tells of each answer.

    Without an estimate one prompt may pass the limit, and the next calls are refused; with it every
    call of another form than chats is counted by a guess.
    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#attributes
    """
    given = [f'counter-key="@("{api}/tokens/" + {whose})"']
    if limits.tokens_per_minute:
        given.append(f'tokens-per-minute="{limits.tokens_per_minute}"')
    if limits.token_quota:
        given.append(f'token-quota="{limits.token_quota}"')
        given.append(f'token-quota-period="{limits.token_quota_period}"')
    given.append('estimate-prompt-tokens="false"')
    if limits.tokens_per_minute:
        given.append(f'remaining-tokens-header-name="{REMAINING_TOKENS}"')
    if limits.token_quota:
        given.append(f'remaining-quota-tokens-header-name="{REMAINING_QUOTA}"')
    return f"<llm-token-limit {' '.join(given)} />"


def _models(models: Sequence[str], header: str) -> Iterator[str]:
    """Write the refusal of every call that names none of the models; a GET or DELETE calls none.

    A form names its model where the policy cannot surely read it, so the path has to.
    """
    listed = ",".join(model.lower() for model in models)
    called = 'context.Variables.GetValueOrDefault<string>("called-deployment", "")'
    condition = (
        'context.Request.Method != "GET" && context.Request.Method != "DELETE"'
        f' && (!",{listed},".Contains("," + {called} + ",") || {FORM})'
    )
    said = f"Your plan allows the deployments {', '.join(models)} and no other."
    yield from _alone(refusal(condition, "403", "Forbidden", MODEL_REFUSED, said, header))


def _prompt(most: int, header: str) -> Iterator[str]:
    """Write the refusal of every longer body; one that the tier cannot read is longer."""
    length = 'context.Request.Headers.GetValueOrDefault("Content-Length", "")'
    readable = 'context.Variables.GetValueOrDefault<string>("readable-length", "")'
    condition = (
        f"context.Request.Body != null && (!Regex.IsMatch({length}, {readable})"
        f" || context.Request.Body.As<byte[]>(preserveContent: true).Length >= {most + 1})"
    )
    said = f"Your plan allows bodies of at most {most} bytes."
    yield from _alone(refusal(condition, "413", "Payload Too Large", PROMPT_REFUSED, said, header))


def _alone(branch: Iterator[str]) -> Iterator[str]:
    yield "<choose>"
    yield from (f"  {line}" for line in branch)
    yield "</choose>"


def refusal(
    condition: str, status: str, reason: str, code: str, said: str, header: str
) -> Iterator[str]:
    """Yield the lines of a `when` that answers a call with an error, told in `header` too."""
    error = f'{{"error":{{"code":"{code}","type":"invalid_request_error","message":"{said}"}}}}'
    yield f'<when condition="@({condition})">'
    yield "  <return-response>"
    yield f'    <set-status code="{status}" reason="{reason}" />'
    yield '    <set-header name="Content-Type" exists-action="override">'
    yield "      <value>application/json</value>"
    yield "    </set-header>"
    yield f'    <set-header name="{header}" exists-action="override">'
    yield f"      <value>{{code:{code}}}</value>"
    yield "    </set-header>"
    yield f"    <set-body>{error}</set-body>"
    yield "  </return-response>"
    yield "</when>"
