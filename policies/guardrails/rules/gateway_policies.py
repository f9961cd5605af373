"""What a gateway's policies do with the caller's credentials, and which of their own they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules import policy_text
from rules.apis import MODEL_HOST
from rules.finding import Finding, Quoted
from rules.parameters import Config, Parameter
from rules.policy_text import Statement
from rules.resource import UNKNOWN, Resource

POLICIES = tuple(
    f"Microsoft.ApiManagement/service{part}/policies"
    for part in ("", "/apis", "/apis/operations", "/products")
)
FRAGMENTS = "Microsoft.ApiManagement/service/policyFragments"
IDENTITY = "authentication-managed-identity"

HEADERS = Parameter(
    "headers", ("api-key", "Authorization"), "Headers with the caller's credentials"
)
QUERY = Parameter(
    "queryParams", ("subscription-key",), "Query parameters with the caller's credentials"
)
NAMES = {
    "api-key", "authorization", "code", "cookie", "key", "ocp-apim-subscription-key",
    "proxy-authorization", "sig", "subscription-key", "x-api-key", "x-functions-key",
}  # fmt: skip
"""Headers and query parameters whose value is a secret."""
ATTRIBUTES = ("password", "client-secret", "body")
SHAPES = {
    "an account key": r"\b[A-Za-z0-9]{84}\b|\b[0-9a-f]{32}\b",
    "an OpenAI key": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a token": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.",
    "a connection string": r"\b(AccountKey|SharedAccessKey|SharedAccessSignature)=[^;\s{@]{8,}",
    "a shared access signature": r"[?&;]sig=[\w%+/-]{20,}",
}
"""What secrets look like wherever they stand.

https://learn.microsoft.com/purview/sit-defn-all-creds
"""


def delete_credentials(policy: Resource, config: Config) -> Iterator[Finding]:
    """A policy that calls a model passes on neither the caller's key nor their token.

    https://learn.microsoft.com/azure/api-management/api-management-authenticate-authorize-azure-openai
    """
    text = policy.get("value")
    if text is UNKNOWN:
        fix = "delete api-key, Authorization and subscription-key in inbound"
        yield _finding(policy, UNKNOWN, "no caller's credential passed on", fix)
        return
    if not isinstance(text, str) or not _calls_model(text):
        return
    steps = policy_text.inbound(text)
    for tag, names in (
        ("set-header", HEADERS.read(config)),
        ("set-query-parameter", QUERY.read(config)),
    ):
        for name in names:
            yield from _deleted(policy, steps, tag, name)


def _deleted(policy: Resource, steps: list[Statement], tag: str, name: str) -> Iterator[Finding]:
    """One credential, deleted for every request, and before the gateway adds its own."""
    wanted = f'<{tag} name="{name}" exists-action="delete" /> in inbound, outside of any choose'
    places = [index for index, step in enumerate(steps) if _deletes(step, tag, name)]
    if not places:
        fix = f"add it before {IDENTITY}; what a base policy does cannot be seen from here"
        yield _finding(policy, Quoted(f"{name} is passed on"), wanted, fix)
    elif name.lower() == "authorization":
        own = [index for index, step in enumerate(steps) if _authorizes(step)]
        if own and max(places) > min(own):
            found = Quoted(f"deleted after {IDENTITY}, whose token goes with it")
            yield _finding(policy, found, wanted, f"move it before {IDENTITY}")


def _deletes(step: Statement, tag: str, name: str) -> bool:
    same = step.tag == tag and step.attribute("name") == name.lower()
    return same and step.attribute("exists-action") == "delete"


def _authorizes(step: Statement) -> bool:
    """Whether it puts the gateway's own token into the Authorization header."""
    return step.tag == IDENTITY and not step.attribute("output-token-variable-name")


def _calls_model(text: str) -> bool:
    identities = (step for step in policy_text.statements(text) if step.tag == IDENTITY)
    return bool(MODEL_HOST.search(text)) or any(
        re.search(r"cognitiveservices|ai\.azure|openai", step.attribute("resource"))
        for step in identities
    )


def hold_no_secret(policy: Resource, _config: Config) -> Iterator[Finding]:
    """Whoever may read a policy reads what is written in it; the report does not repeat it.

    https://learn.microsoft.com/azure/api-management/api-management-howto-properties
    """
    text = policy.get("value")
    wanted = "no literal secret"
    if text is UNKNOWN or str(policy.get("format")).lower().endswith("link"):
        found = UNKNOWN if text is UNKNOWN else Quoted("a link to a document")
        yield _finding(policy, found, wanted, "give the policy inline, as rawxml")
        return
    for secret in sorted(_secrets(text if isinstance(text, str) else "")):
        fix = "keep it in a named value backed by Key Vault, and write {{its-name}}"
        yield _finding(policy, Quoted(f"{secret} (not shown)"), wanted, fix)


def _secrets(text: str) -> set[str]:
    """Where secrets are written out, in words that do not repeat them."""
    found = {what for what, shape in SHAPES.items() if re.search(shape, text)}
    for step in policy_text.statements(text):
        for name in ATTRIBUTES:
            if step.tag.startswith(("authentication-", "proxy")) and policy_text.is_literal(
                step.attributes.get(name, "")
            ):
                found.add(f"a literal {name} in {step.tag}")
        values = [inner.text for inner in policy_text.statements(step.text) if inner.tag == "value"]
        named = (
            step.tag in {"set-header", "set-query-parameter"} and step.attribute("name") in NAMES
        )
        if (named and any(map(policy_text.is_literal, values))) or (
            step.tag == "key" and policy_text.is_literal(step.text)
        ):
            found.add(f"a literal in {step.tag} {step.attributes.get('name', '')}".rstrip())
    return found


def _finding(policy: Resource, found: object, wanted: str, fix: str) -> Finding:
    path = policy.path("value")
    return Finding(resource=policy, path=path, found=found, wanted=wanted, fix=fix)
