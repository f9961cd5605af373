"""Secrets that are written out on a gateway: in policies, fragments, backends, named values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rules import apis, effective, policy_text
from rules.finding import Finding, Quoted
from rules.parameters import Config
from rules.policy_text import Statement
from rules.resource import UNKNOWN, Resource

HOLDERS = (*effective.POLICIES, effective.FRAGMENTS)
NAMES = re.compile(
    r"authorization|proxy-authorization|cookie|code|sig|key"
    r"|.*(secret|password|passwd|credential|api[-_]?key|access[-_]?key)s?"
    r"|.*(subscription|functions?|auth|master|host|shared|account|gateway|backend|model)[-_]?key"
    r"|.*(access|auth|id|bearer|security|session|refresh)[-_]?token",
    re.IGNORECASE,
)
"""Headers, query parameters and named values whose value is a secret."""
ATTRIBUTES = ("password", "client-secret", "body")
SHAPES = {
    "an account key": r"\b[A-Za-z0-9]{84}\b|\b[0-9a-fA-F]{32}\b",
    "an OpenAI key": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a token": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.",
    "a connection string": r"(?i)\b(AccountKey|SharedAccessKey|SharedAccessSignature)=[^;\s{@]{8,}",
    "a shared access signature": r"[?&;]sig=[\w%+/-]{20,}",
    "a client secret": r"(?i)\b(client_?secret|password)(=|\"\s*:\s*\")(?!\{\{|@)[^&\s\"'<{@+]{4,}",
}
"""What secrets look like wherever they stand.

https://learn.microsoft.com/purview/sit-defn-all-creds
"""
_ID = re.compile(
    r"\b(tenant-id|client-id|tenantid|clientid)\s*=\s*(\"[^\"]*\"|'[^']*')"
    r"|\b(client_id|tenant_id)=[\w-]+"
    r"|(microsoftonline\.(com|us)|chinacloudapi\.cn|sts\.windows\.net)/[\w-]+"
    r"|<(application-id|audience|issuer)>[^<]*</",
    re.IGNORECASE,
)
"""Ids of tenants and applications, which are no secrets though some are written like keys."""
_KEYED = re.compile(r"\[\s*\"[^\"]*\"\s*\]|\.\w+(<\w+>)?\([^()]*\)")
_HOLE = re.compile(r"\{[^{};]*\}")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_SCHEME = re.compile(r"\s*(bearer|basic|sharedaccesssignature|token)?\s*", re.IGNORECASE)
LONG = 16
"""Characters from which a text beside other parts of an expression is taken for a secret."""
WANTED = "no literal secret"
FIX = "keep it in a named value backed by Key Vault, and write {{its-name}}"


def hold_no_secret(holder: Resource, _config: Config) -> Iterator[Finding]:
    """Whoever may read a gateway's parts reads what is in them; the report does not repeat it.

    https://learn.microsoft.com/azure/api-management/api-management-howto-properties
    """
    if holder.is_a(apis.BACKENDS):
        yield from _of_backend(holder)
    elif holder.is_a(effective.NAMED_VALUES):
        yield from _of_named_value(holder)
    else:
        yield from _of_policy(holder)


def _of_policy(policy: Resource) -> Iterator[Finding]:
    text = policy.get("value")
    if text is UNKNOWN or str(policy.get("format")).lower().endswith("link"):
        found = UNKNOWN if text is UNKNOWN else Quoted("a link to a document")
        yield _finding(policy, "value", found, "give the policy inline, as rawxml")
        return
    for secret in sorted(_secrets(text if isinstance(text, str) else "")):
        yield _finding(policy, "value", _hidden(secret), FIX)


def _of_backend(backend: Resource) -> Iterator[Finding]:
    """The headers, query parameters and passwords that a backend adds to each call.

    https://learn.microsoft.com/rest/api/apimanagement/backend/create-or-update
    """
    given = {
        path: [backend.get(path)]
        for path in ("credentials.authorization.parameter", "proxy.password")
    }
    for place in ("credentials.header", "credentials.query"):
        entries = backend.get(place)
        if entries is UNKNOWN:
            given[place] = [UNKNOWN]
        elif isinstance(entries, dict):
            for name, values in entries.items():
                listed = values if isinstance(values, list) else [values]
                if NAMES.fullmatch(name) or any(_shapes(str(value)) for value in listed):
                    given[f"{place}.{name}"] = listed
    for path, values in given.items():
        if UNKNOWN in values:
            yield _finding(backend, path, UNKNOWN, FIX)
        elif any(policy_text.is_literal(str(value)) for value in values if value):
            yield _finding(backend, path, _hidden("a literal"), FIX)


def _of_named_value(value: Resource) -> Iterator[Finding]:
    """A named value that is not marked secret is shown to whoever may read the gateway."""
    secret, text, name = value.get("secret"), value.get("value"), value.get("displayName")
    if secret is True or value.get("keyVault") or text is None:
        return
    named = isinstance(name, str) and NAMES.fullmatch(name)
    fix = "take it from Key Vault (keyVault), or set secret to true"
    if text is UNKNOWN or secret is UNKNOWN:
        yield _finding(value, "value", UNKNOWN, fix)
    elif named or _shapes(str(text)):
        yield _finding(value, "value", _hidden("a secret that is not marked secret"), fix)


def _shapes(text: str) -> set[str]:
    text = _ID.sub("", text)
    return {what for what, shape in SHAPES.items() if re.search(shape, text)}


def _secrets(text: str) -> set[str]:
    """Where secrets are written out, in words that do not repeat them."""
    found = _shapes(text)
    for step in policy_text.statements(text):
        for name in ATTRIBUTES:
            if step.tag.startswith(("authentication-", "proxy")) and _written(
                step.attributes.get(name, "")
            ):
                found.add(f"a literal {name} in {step.tag}")
        if _sets_secret(step) or (step.tag == "key" and policy_text.is_literal(step.text)):
            found.add(f"a literal in {step.tag} {step.attributes.get('name', '')}".rstrip())
    return found


def _sets_secret(step: Statement) -> bool:
    named = step.tag in {"set-header", "set-query-parameter"} and NAMES.fullmatch(
        step.attribute("name")
    )
    values = [inner.text for inner in step.children if inner.tag == "value"]
    return bool(named) and any(map(_written, values))


def _written(value: str) -> bool:
    """Whether a value is written out, as it stands or as a text in an expression."""
    text = value.strip().replace("&quot;", '"')
    if not text.startswith("@"):
        return policy_text.is_literal(text)
    text = _KEYED.sub("", text)
    text = _HOLE.sub('"+x+"', text) if '$"' in text else text
    strings = [_SCHEME.sub("", found, count=1) for found in _STRING.findall(text)]
    rest = re.sub(r"\breturn\b|\(string\)|[@(){};+\s]", "", _STRING.sub("", text))
    return any(
        string and "{{" not in string and (not rest or (len(string) >= LONG and " " not in string))
        for string in strings
    )


def _hidden(secret: str) -> Quoted:
    return Quoted(f"{secret} (not shown)")


def _finding(holder: Resource, path: str, found: Any, fix: str) -> Finding:
    path = holder.path(path)
    return Finding(resource=holder, path=path, found=found, wanted=WANTED, fix=fix)
