"""The API's policy: the statements that it may have, whole, and no other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pack import plans
from pack.finding import Finding, Quoted, shown
from pack.parameters import Config, Parameter
from pack.resource import UNKNOWN, Resource
from pack.shapes import free, judge
from policies.gateway.reader import Element, parse

ALLOWED = Path(__file__).resolve().parents[1] / "gateway-policy.xml"
STATEMENTS: Parameter[tuple[str, ...]] = Parameter(
    "statements",
    (),
    "Names of further statements, such as rate-limit-by-key, that a policy may have",
)
STREAM_USAGE: Parameter[str] = Parameter(
    "streamUsage",
    "ensure",
    "ensure: the policy asks each stream for its tokens; leave: it may leave that to callers",
    {"enum": ["ensure", "leave"]},
)
STORED_RESPONSES: Parameter[str] = Parameter(
    "storedResponses",
    "refuse",
    "refuse: the policy offers no stored responses; share: it may offer them to all who know an id",
    {"enum": ["refuse", "share"]},
)
OPTIONAL = {
    "asking-for-usage": (STREAM_USAGE, "leave"),
    "stored-responses": (STORED_RESPONSES, "share"),
}
"""Statements that a policy may lack, by the variable that they use: the parameter, and its value
that allows this.
"""
_NAME = re.compile(r"[\w.-]+")
_ROUTE = re.compile(
    r'@\(context\.Variables\.GetValueOrDefault<string>\("called-deployment", ""\)'
    rf' == "(?P<deployment>{_NAME.pattern})"\)'
)
_CHECK = re.compile(
    r'@\(context\.Request\.Headers\.GetValueOrDefault\("x-failover-check", ""\)'
    r' == "(\*|[a-z0-9]{2,20})"\)'
)
_UNCHECKED = "!context.Tracing"
"""What the branch says that refuses a call of the check's from anybody else."""
MODEL = re.compile(r"https://(?P<account>[\w-]+)\.openai\.azure\.(com|us|cn)/openai")
"""The address of an account."""
NOBODY = "https://no-account.invalid/openai"
"""Where a call of the check's goes first that is to go on to the next account: names below
`invalid` never resolve.

https://www.rfc-editor.org/rfc/rfc6761#section-6.4
"""
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_AUTHORITY = r"https://login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn)"
_CLAIM = rf"((application|group):{_GUID}|role:[A-Za-z0-9][A-Za-z0-9._/:-]*)"
KEY_USED = "key-used"
"""Source of the trace that tells which of its two keys a call has, where a vault holds them."""
TOKENS = "validate-jwt"
"""The statement by which a policy lets callers in by tokens."""
DIFFERENT = {
    "${audience}": re.compile(r"https://cognitiveservices\.azure\.(com|us|cn)"),
    "${backend}": _NAME,
    "${backendUrl}": MODEL,
    "${check}": _CHECK,
    "${pool}": _NAME,
    **plans.FORMS,
    "${readableLength}": re.compile(
        r"\^\(\[0-9\]\{0,6\}\|1\[0-9\]\{6\}\|20\[0-8\]\[0-9\]\{4\}\)\$|\^\[0-9\]\*\$"
    ),
    "${retries}": re.compile(r"@\(([1-9]|[1-4][0-9]|50)\)"),
    "${route}": _ROUTE,
    "${tokenAudience}": re.compile(rf"(api|https)://[\w.~/-]+|{_GUID}"),
    "${tokenConfiguration}": re.compile(
        rf"{_AUTHORITY}/{_GUID}/v2\.0/\.well-known/openid-configuration"
    ),
    "${tokenConsumers}": re.compile(rf"(\s+{_CLAIM}=[A-Za-z0-9-]+)+\s+"),
    "${tokenIssuer}": re.compile(rf"https://sts\.(windows\.net|chinacloudapi\.cn)/{_GUID}/"),
    "${tokenIssuerV2}": re.compile(rf"{_AUTHORITY}/{_GUID}/v2\.0"),
    "${withoutKey}": re.compile(r"@\((context\.Subscription == null|true)\)"),
    "${timeout}": re.compile(r"[1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600"),
}
"""What differs from stack to stack: the cloud, the account, the seconds of waiting, 1 to 3600, and
the lengths of a body that policies of the gateway's tier can read: up to 2 MiB, or any. Of several
accounts the deployments and backends too, whose names `ways` judges, and the further attempts.
Of tokens the tenant, the audience, and whose consumers they are.

https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
https://learn.microsoft.com/azure/api-management/forward-request-policy#attributes
https://learn.microsoft.com/azure/api-management/retry-policy
"""
SHAPE = {**free("apiId", "serviceName", "value"), "policyId": "policy", "format": "rawxml"}


def statements_known(policy: Resource, config: Config) -> Iterator[Finding]:
    """Send every call to the account, by the gateway's own token, without the caller's secrets.

    Each statement is there, in its place, and each attribute of it; what else stands there may send
    some calls elsewhere, hold streams back or write a secret out, and is refused.
    https://learn.microsoft.com/azure/api-management/api-management-authenticate-authorize-azure-openai
    """
    yield from judge(policy, SHAPE)
    text = policy.get("value")
    if text is UNKNOWN:
        fix = "`pulumi up` evaluates it before the policy is made"
        yield _finding(policy, "value", UNKNOWN, "the policy that the pack knows", fix)
        return
    found = parse(text) if isinstance(text, str) else None
    if found is None:
        fix = "see that each tag and expression ends"
        yield _finding(policy, "value", Quoted("no policy document"), "XML", fix)
        return
    if found.text.strip():
        wanted = "<policies> and comments"
        yield _finding(policy, "value", Quoted("text (not shown)"), wanted, "remove the text")
    yield from _compare(policy, _wanted(found, config), found, "value", STATEMENTS.read(config))
    held = plans.limited(found)
    for name in plans.LIMITED.read(config):
        if name.lower() not in held:
            fix = "give the consumer a plan in the stack file"
            yield _finding(policy, "value/policies/inbound", None, f"a plan of {name}", fix)


def account_of(url: str) -> str:
    """Read the name of the account to which an address leads; "" if it leads to none."""
    found = MODEL.fullmatch(url)
    return found["account"] if found else ""


def account_called(text: str) -> str:
    """Read the name of the account to which a policy sends calls; "" if it names none."""
    document = parse(text)
    called = document.first("set-backend-service") if document else None
    return account_of(called.attributes.get("base-url", "") if called else "")


@dataclass(frozen=True)
class Route:
    """The backend to which a policy sends the calls to a deployment."""

    deployment: str
    """Name of the deployment; "" for all that no other route names."""
    backend: str
    in_pool: bool
    """Whether the policy takes the backend for a pool."""


def routes(text: str) -> list[Route]:
    """Read where a policy sends calls by backends; empty if it names no backend."""
    document = parse(text)
    return list(_routes(document, "")) if document else []


def _routes(element: Element, deployment: str) -> Iterator[Route]:
    condition = _ROUTE.fullmatch(element.attributes.get("condition", ""))
    deployment = condition["deployment"] if condition else deployment
    for child in element.children:
        backend = child.attributes.get("backend-id")
        if child.name == "set-backend-service" and backend is not None:
            pools = (one.attributes.get("name") == "pool" for one in element.all("set-variable"))
            yield Route(deployment, backend, any(pools))
        yield from _routes(child, deployment)


def _compare(
    policy: Resource, wanted: Element, found: Element, path: str, also: Collection[str]
) -> Iterator[Finding]:
    """Compare what stands in an element, statement by statement, down to the first that differs."""
    expected = list(wanted.children)
    for theirs in found.children:
        ours = expected[0] if expected else None
        differing = _differing(ours, theirs) if ours else None
        if ours and differing == []:
            expected.pop(0)
            yield from _compare(policy, ours, theirs, f"{path}/{ours.name}", also)
        elif theirs.name not in also:
            fix = f"restore it; or judge it, and name {theirs.name} in statements of the pack"
            yield _finding(policy, path, _named(theirs, differing), _written(ours), fix)
            return
    if expected:
        yield _finding(policy, path, None, _written(expected[0]), "restore it")


def _differing(wanted: Element, found: Element) -> list[str] | None:
    """List what differs of two statements of one name, blanks apart; None if the names do."""
    ours, theirs = wanted.attributes, found.attributes
    if (wanted.name, ours.get("name")) != (found.name, theirs.get("name")):
        return None
    other = sorted(n for n in ours.keys() | theirs.keys() if not _is(ours.get(n), theirs.get(n)))
    return other if _is(wanted.text.strip(), found.text.strip()) else [*other, "text"]


def _is(wanted: str | None, found: str | None) -> bool:
    if wanted is None or found is None:
        return False
    form = DIFFERENT.get(wanted)
    return form.fullmatch(found) is not None if form else wanted.split() == found.split()


def _named(statement: Element, differing: list[str] | None) -> Quoted:
    """Name a statement for a report, without its values, which may be secrets."""
    name = statement.attributes.get("name", "")
    what = f" with another {', '.join(differing)}" if differing else ""
    return Quoted(f"{statement.name} {name}".rstrip() + f"{what} (values are not shown)")


def _written(statement: Element | None) -> str:
    if statement is None:
        return "no further statement"
    attributes = (f'{name}="{value}"' for name, value in statement.attributes.items())
    return shown(Quoted(" ".join(f"<{statement.name} {' '.join(attributes)}".split()) + ">"))


def _wanted(found: Element, config: Config) -> Element:
    """Return the allowed document, less what the policy lacks and the configuration lets it.

    A policy that names backends is held to that of several accounts, with as many routes; one that
    validates tokens, to that which lets callers in by them.
    """
    several = any("backend-id" in one.attributes for one in found.all("set-backend-service"))
    tokens = found.first(TOKENS) is not None
    wanted = deepcopy(allowed("several" if several else "one", tokens=tokens))
    theirs = {
        name: [one for one in found.all("when") if _is(name, one.attributes.get("condition"))]
        for name in ("${check}", "${route}", "${plan}", "${expired}")
    }
    for choice in wanted.all("choose"):
        choice.children = [one for ours in choice.children for one in _branches(ours, theirs)]
    section = wanted.first("inbound")
    if section:
        _without_plans(section, found)
        if not any(one.attributes.get("source") == KEY_USED for one in found.all("trace")):
            section.children = [
                one for one in section.children if one.attributes.get("source") != KEY_USED
            ]
    for name, (parameter, value) in OPTIONAL.items():
        if section and parameter.read(config) == value and not _uses(found, name):
            section.children = [one for one in section.children if not _uses(one, name)]
    return wanted


def _branches(ours: Element, theirs: Mapping[str, list[Element]]) -> list[Element]:
    """Return an allowed branch; a route, plan, last day or check as often as a policy has one.

    What refuses the check's own calls from anybody else stands before them, and only there.
    """
    condition = ours.attributes.get("condition", "")
    if condition in theirs:
        like = plans.like if condition == "${plan}" else _like
        return [like(ours, one) for one in theirs[condition]]
    return [ours] if theirs["${check}"] or _UNCHECKED not in condition else []


def _like(route: Element, theirs: Element) -> Element:
    """Return the allowed route to a pool, or to one account if theirs sets no variables."""
    made = deepcopy(route)
    if theirs.first("set-variable") is None:
        made.children = made.children[:1]
    return made


def _without_plans(section: Element, found: Element) -> None:
    """Take out what only plans need, where a policy has none, or none that chooses models."""
    section.children = [one for one in section.children if one.name != "choose" or one.children]
    if not any("called-deployment" in one.attributes.get("condition", "") for one in _whens(found)):
        section.children = [
            one for one in section.children if one.attributes.get("name") != "called-deployment"
        ]


def _whens(found: Element) -> Iterator[Element]:
    section = found.first("inbound")
    if section:
        yield from section.all("when")


def _uses(element: Element, variable: str) -> bool:
    """Tell whether a statement sets a variable, or one in it does, or reads it."""
    said = [element.text, *element.attributes.values()]
    return any(variable in text for text in said) or any(
        _uses(one, variable) for one in element.children
    )


@cache
def allowed(accounts: str, *, tokens: bool = False) -> Element:
    """Read the allowed document of `one` account, or of `several`; with `tokens`, for such callers.

    Raises:
        ValueError: the file is no policy document.
    """
    document = parse(ALLOWED.read_text(encoding="utf-8"))
    if document is None:
        raise ValueError(f"{ALLOWED} is no policy document")
    _keep(document, "accounts", accounts)
    _keep(document, "callers", "tokens" if tokens else "keys")
    return document


def _keep(element: Element, mark: str, value: str) -> None:
    """Take out the statements of other documents, and the attribute that says of which each is."""
    marked = [(one, one.attributes.pop(mark, value)) for one in element.children]
    element.children = [one for one, of in marked if of == value]
    for one in element.children:
        _keep(one, mark, value)


def tenants(text: str) -> set[str]:
    """Return the tenants whose tokens a policy lets in; empty if it lets none in."""
    document = parse(text)
    found = document.first(TOKENS) if document else None
    named = [one.attributes.get("url", "") for one in found.all("openid-config")] if found else []
    named += [one.text for one in found.all("issuer")] if found else []
    return {tenant.group().lower() for one in named if (tenant := re.search(_GUID, one))}


def _finding(policy: Resource, path: str, found: object, wanted: str, fix: str) -> Finding:
    return Finding(resource=policy, path=path, found=found, wanted=wanted, fix=fix)
