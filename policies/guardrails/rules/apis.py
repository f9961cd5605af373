"""Which APIs front a model."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from rules import effective, policy_text
from rules.accounts import ACCOUNTS
from rules.ancestry import API, name, of_one_gateway
from rules.finding import Finding
from rules.parameters import Config, Parameter
from rules.resource import UNKNOWN, Resource
from rules.stack import Stack

APIS = "Microsoft.ApiManagement/service/apis"
BACKENDS = "Microsoft.ApiManagement/service/backends"
IDENTITY = "authentication-managed-identity"

EXEMPT: Parameter[tuple[str, ...]] = Parameter(
    "exempt", (), "Names of APIs, * and ? allowed, that front no model"
)
MODEL_HOST = re.compile(
    r"\b[\w-]+\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure|models\.ai\.azure)"
    r"\.(com|us|cn)\b|\bapi\.openai\.com\b",
    re.IGNORECASE,
)
"""Hosts of models.

https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
"""
MODEL_AUDIENCE = re.compile(r"cognitiveservices|ai\.azure|openai")
MODEL_KINDS = {"openai", "aiservices"}
"""Kinds of account that serve models; speech, vision and the like do not.

https://learn.microsoft.com/azure/ai-services/multi-service-resource
"""
WHERE_HOSTS_STAND = (
    (APIS, ("serviceUrl", "value")),
    (BACKENDS, ("url",)),
    (effective.NAMED_VALUES, ("value",)),
    *((kind, ("value",)) for kind in (*effective.POLICIES, effective.FRAGMENTS)),
)


def is_exempt(api: Resource, patterns: Sequence[str]) -> bool:
    """Whether the configuration says that the API fronts no model."""
    found = name(api, API)
    named = found if isinstance(found, str) else api.name
    return any(fnmatch.fnmatch(named, pattern.lower()) for pattern in patterns)


def of_models(stack: Stack, config: Config) -> Iterator[tuple[Resource, bool]]:
    """The APIs of each gateway that fronts a model, but for those that are exempt.

    With each: whether that is certain. What names a model's host may not be known yet.
    """
    patterns = EXEMPT.read(config)
    for api in stack.of_type(APIS):
        state = fronts_model(stack, api)
        if state is not False and not is_exempt(api, patterns):
            yield api, state is True


def certain(findings: Iterator[Finding], *, sure: bool) -> Iterator[Finding]:
    """Findings as they are, or, what they hang on not being known yet, as not evaluated."""
    for finding in findings:
        yield finding if sure else replace(finding, found=UNKNOWN)


def fronts_model(stack: Stack, part: Resource) -> bool | None:
    """Whether the gateway on which something stands fronts a model; None if it may.

    An account to which nothing in the stack leads may be called from any gateway.
    """
    texts = [(one, names_model(stack, one)) for one in _speaking(stack)]
    if any(is_model_account(one) for one in stack.of_type(ACCOUNTS)) and not any(
        state for _, state in texts
    ):
        return True
    states = {
        state if of_one_gateway(stack, one, part) else None
        for one, state in texts
        if state is not False and of_one_gateway(stack, one, part) is not False
    }
    return True if True in states else None if states else False


def names_model(stack: Stack, holder: Resource) -> bool | None:
    """Whether something on a gateway names a model's host or audience; None if it may.

    A value that is marked secret is a key, not a host.
    """
    if holder.is_a(effective.NAMED_VALUES) and holder.get("secret") is True:
        return False
    states = [_names_model(stack, holder, path) for path in _paths(holder)]
    return True if True in states else None if None in states else False


@cache
def text_names_model(text: str) -> bool:
    """Whether a text names a model's host, or asks for a token for one."""
    return bool(MODEL_HOST.search(text)) or any(
        step.tag == IDENTITY and MODEL_AUDIENCE.search(step.attribute("resource"))
        for step in policy_text.statements(text)
    )


def is_model_account(account: Resource) -> bool:
    """Whether an account serves models, or may: its kind is not known."""
    kind = account.value("kind")
    return not isinstance(kind, str) or kind.lower() in MODEL_KINDS


def _speaking(stack: Stack) -> Iterator[Resource]:
    yield from stack.of_type(*(arm_type for arm_type, _ in WHERE_HOSTS_STAND))


def _paths(holder: Resource) -> tuple[str, ...]:
    return next((paths for kind, paths in WHERE_HOSTS_STAND if holder.is_a(kind)), ())


def _names_model(stack: Stack, holder: Resource, path: str) -> bool | None:
    text = holder.get(path)
    if text is not UNKNOWN:
        return text_names_model(str(text or ""))
    made_of = holder.linked(holder.path(path))
    accounts = [one for one in stack.of_type(ACCOUNTS) if one.urn in made_of]
    return True if any(map(is_model_account, accounts)) else None
