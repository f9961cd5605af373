"""The statements of policies: where each may stand, and which of them lead a call somewhere.

https://learn.microsoft.com/azure/api-management/api-management-policies
"""

from __future__ import annotations

SECTIONS = ("inbound", "backend", "outbound", "on-error")
CONTAINERS = frozenset({"choose", "when", "otherwise", "retry", "limit-concurrency", "wait"})
"""Statements that hold others, each of which may run or not."""
ALWAYS = frozenset({"limit-concurrency"})
"""Those of them that run what they hold for each call that they let through.

https://learn.microsoft.com/azure/api-management/limit-concurrency-policy
"""
RETRY = "retry"
BASE, FRAGMENT = "base", "include-fragment"
SEND = frozenset({"send-request", "send-one-way-request"})
BACKEND, FORWARD, PROXY = "set-backend-service", "forward-request", "proxy"
CALLS = {
    "llm-semantic-cache-lookup": "embeddings-backend-id",
    "azure-openai-semantic-cache-lookup": "embeddings-backend-id",
    "llm-content-safety": "backend-id",
}
"""Statements that call a backend of their own, and the attribute that names it.

https://learn.microsoft.com/azure/api-management/llm-semantic-cache-lookup-policy
https://learn.microsoft.com/azure/api-management/llm-content-safety-policy
"""
BACKEND_ATTRIBUTES = frozenset(
    {
        *("id", "base-url", "backend-id", "dapr-app-id", "dapr-method", "dapr-namespace"),
        *("sf-resolve-condition", "sf-service-instance-name", "sf-listener-name"),
        *("sf-partition-key", "sf-service-instance-name"),
    }
)
"""https://learn.microsoft.com/azure/api-management/set-backend-service-policy"""
CACHES = frozenset({"cache-lookup", *(name for name in CALLS if "cache" in name)})
"""Statements that may answer a call from a cache."""
REWRITES = frozenset(
    {
        *("set-body", "find-and-replace", "json-to-xml", "xml-to-json", "xsl-transform", "jsonp"),
        *("rewrite-uri", "set-method", "set-status", "redirect-content-urls", "mock-response"),
    }
)
"""Statements that change a request or an answer."""
RETURN = "return-response"
AUTHENTICATE = "authentication-managed-identity"
CERTIFICATE = "authentication-certificate"
AUTHENTICATION = frozenset({"authentication-basic", CERTIFICATE, AUTHENTICATE})
HEADER, QUERY = "set-header", "set-query-parameter"
LIMITS = frozenset(
    {
        *("rate-limit", "rate-limit-by-key", "quota", "quota-by-key", "limit-concurrency"),
        *("azure-openai-token-limit", "llm-token-limit"),
    }
)
"""Statements that refuse what is too many."""
CHECKS = frozenset(
    {
        *("check-header", "ip-filter", "llm-content-safety", "validate-azure-ad-token"),
        *("validate-client-certificate", "validate-content", "validate-graphql-request"),
        *("validate-headers", "validate-jwt", "validate-odata-request", "validate-parameters"),
        "validate-status-code",
    }
)
"""Statements that refuse a call by what it says, where it comes from or who sends it."""
VARIABLE = "set-variable"
TELLS = frozenset(
    {
        *("invoke-dapr-binding", "log-to-eventhub", "publish-to-dapr"),
        *("send-service-bus-message", "trace", "cache-store-value"),
        *("emit-metric", "azure-openai-emit-token-metric", "llm-emit-token-metric"),
    }
)
"""Statements that send what a policy writes to another service, or keep it there."""
HARMLESS = frozenset(
    {
        *("cache-lookup-value", "cache-remove-value", "cache-store"),
        *("cors", "cross-domain", "get-authorization-context", VARIABLE),
        *("azure-openai-semantic-cache-store", "llm-semantic-cache-store"),
    }
)
"""Statements that keep a call's answer or learn something, and lead it nowhere else."""
KNOWN = frozenset(
    {
        *HARMLESS, *LIMITS, *CHECKS, *TELLS, *CONTAINERS, *SEND, *CALLS, *CACHES, *REWRITES,
        *AUTHENTICATION, *(BASE, FRAGMENT, BACKEND, FORWARD, PROXY, RETURN, HEADER, QUERY),
    }
)  # fmt: skip
"""Every statement whose meaning is understood; any other may lead calls anywhere."""
