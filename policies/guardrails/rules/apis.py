"""Which APIs front a model."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence

from rules.accounts import ACCOUNTS
from rules.parameters import Config, Parameter
from rules.resource import GENERIC, UNKNOWN, Resource
from rules.stack import Stack

APIS = "Microsoft.ApiManagement/service/apis"
BACKENDS = "Microsoft.ApiManagement/service/backends"
API_POLICIES = "Microsoft.ApiManagement/service/apis/policies"

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
WHERE_HOSTS_STAND = (
    (APIS, ("serviceUrl", "value")),
    (API_POLICIES, ("value",)),
    (BACKENDS, ("url",)),
)


def name_key(api: Resource) -> str:
    """The property that holds an API's name on its gateway."""
    return "resourceName" if api.token == GENERIC else "apiId"


def is_exempt(api: Resource, patterns: Sequence[str]) -> bool:
    """Whether the configuration says that the API fronts no model."""
    found = api.value(name_key(api))
    name = found.split(";", 1)[0] if isinstance(found, str) else api.name
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def of_models(stack: Stack, config: Config) -> Iterator[Resource]:
    """The APIs of a stack whose gateway fronts a model, but for those that are exempt.

    The text of an API, policy or backend may name a model's host while it is not known yet.
    """
    if not fronts_model(stack):
        return
    patterns = EXEMPT.read(config)
    for api in stack.of_type(APIS):
        if not is_exempt(api, patterns):
            yield api


def fronts_model(stack: Stack) -> bool:
    """Whether the stack holds an account, or a text in which a model's host stands, or may."""
    if any(True for _ in stack.of_type(ACCOUNTS)):
        return True
    texts = [
        resource.get(path)
        for arm_type, paths in WHERE_HOSTS_STAND
        for resource in stack.of_type(arm_type)
        for path in paths
    ]
    return any(text is UNKNOWN or MODEL_HOST.search(str(text)) for text in texts)
