"""What the resources of a stack are to each other: none is left out, and none leads elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pack.api_policy import tenants
from pack.diagnostic_settings import is_copy
from pack.finding import Finding, Quoted
from pack.kinds import Kind
from pack.parameters import Config, Parameter
from pack.resource import UNKNOWN, Resource, Stack
from pack.ways import ACCOUNTS, to_accounts

PRINCIPALS: Parameter[tuple[str, ...]] = Parameter(
    "principals", (), "Object ids, beside the stack's own gateway's, that may call the account"
)
IN_GATEWAY = [kind for kind in Kind if kind.startswith("apimanagement:") and kind != Kind.SERVICE]
MADE_FROM: dict[tuple[Kind, str], tuple[Kind, ...]] = {
    **{(kind, "serviceName"): (Kind.SERVICE,) for kind in IN_GATEWAY},
    (Kind.API_POLICY, "apiId"): (Kind.API,),
    (Kind.API_DIAGNOSTIC, "apiId"): (Kind.API,),
    (Kind.API_DIAGNOSTIC, "loggerId"): (Kind.SERVICE,),
    (Kind.PRODUCT_LINK, "apiId"): (Kind.API,),
    (Kind.PRODUCT_LINK, "productId"): (Kind.PRODUCT,),
    (Kind.SUBSCRIPTION, "scope"): (Kind.PRODUCT,),
    (Kind.DEPLOYMENT, "accountName"): (Kind.ACCOUNT,),
    (Kind.ASSIGNMENT, "scope"): (Kind.ACCOUNT,),
    (Kind.ASSIGNMENT, "principalId"): (Kind.SERVICE,),
    (Kind.SETTING, "resourceUri"): (Kind.ACCOUNT, Kind.SERVICE),
    (Kind.SETTING, "workspaceId"): (Kind.WORKSPACE,),
    (Kind.ENDPOINT, "privateLinkServiceConnections"): (Kind.ACCOUNT, Kind.SERVICE),
    (Kind.ENDPOINT_NAMES, "privateEndpointName"): (Kind.ENDPOINT,),
}
"""The resources from which each property is made."""
OF_EXISTING = ("serviceName", "accountName")
"""Names by which a resource in what exists outside of the stack says where it lies."""
NEEDED = {
    Kind.ACCOUNT: {Kind.SETTING: "resourceUri"},
    Kind.SERVICE: {Kind.SETTING: "resourceUri"},
    Kind.API: {Kind.API_POLICY: "apiId", Kind.API_DIAGNOSTIC: "apiId", Kind.PRODUCT_LINK: "apiId"},
}
"""What each resource of a kind has: a resource of another kind, made from it."""
_IDS = {
    Kind.ACCOUNT: "/microsoft.cognitiveservices/accounts/",
    Kind.SERVICE: "/microsoft.apimanagement/service/",
    Kind.WORKSPACE: "/microsoft.operationalinsights/workspaces/",
}
"""What the id holds of that which may exist outside of the stack."""


def connected(stack: Stack, config: Config) -> Iterator[Finding]:
    """Have each part, made from the stack's own account, gateway, API, product and workspace.

    Of what exists outside of the stack only an id is known; whose identity an id is, is not.
    https://learn.microsoft.com/azure/api-management/api-management-authenticate-authorize-azure-openai
    """
    outside = {kind for kind in Kind if not stack.of_kind(kind)}
    if ACCOUNTS.read(config):
        outside.add(Kind.ACCOUNT)
    for (kind, key), targets in MADE_FROM.items():
        for resource in stack.of_kind(kind):
            if key == "workspaceId" and is_copy(resource):
                continue
            if not stack.made_from(resource, key, *targets):
                existing = [one for one in targets if one in outside]
                yield from _elsewhere(resource, key, targets, existing, PRINCIPALS.read(config))
    for kind, needed in NEEDED.items():
        for resource in stack.of_kind(kind):
            yield from _left_out(stack, resource, needed)
    yield from _open(stack)
    yield from to_accounts(stack, config)
    yield from _another_workspace(stack)


def _elsewhere(
    resource: Resource,
    key: str,
    targets: Sequence[Kind],
    existing: Sequence[Kind],
    principals: Sequence[str],
) -> Iterator[Finding]:
    """Find a value that is not of the stack's own, unless it may be of what exists already."""
    found, fix = resource.get(key), "give it an output of that resource"
    if key == "principalId":
        if str(found).lower() in map(str.lower, principals):
            return
        fix = f"{fix}, or name in principals of the pack whose object id it is"
    if existing and isinstance(found, str):
        ids = (_IDS.get(kind, "no id") for kind in existing)
        if key in OF_EXISTING or any(part in found.lower() for part in ids):
            return
    if existing and key == "principalId" and not principals:
        found, fix = UNKNOWN, f"{fix}; this role stays untold until principals names it"
    elif found is UNKNOWN:
        found = Quoted("a value made from something else")
    wanted = f"made from this stack's {' or '.join(targets)}"
    yield Finding(resource=resource, path=key, found=found, wanted=wanted, fix=fix)


def _left_out(stack: Stack, resource: Resource, needed: dict[Kind, str]) -> Iterator[Finding]:
    for kind, key in needed.items():
        feeding = (one for one in stack.of_kind(kind) if not is_copy(one))
        if not any(resource.urn in one.links.get(key, ()) for one in feeding):
            wanted = f"one whose {key} is made from it"
            fix = f"declare it, and give {key} an output of {resource.name}"
            yield Finding(resource=resource, path=f"its {kind}", found=None, wanted=wanted, fix=fix)


def _open(stack: Stack) -> Iterator[Finding]:
    """Want the tokens of one tenant validated by the policy of each API that asks for no key.

    Without a key and without that anybody calls, and the rows of such calls name nobody.
    https://learn.microsoft.com/azure/api-management/api-management-subscriptions
    """
    for api in stack.of_kind(Kind.API):
        if api.get("subscriptionRequired") is not False:
            continue
        texts = [
            one.get("value")
            for one in stack.of_kind(Kind.API_POLICY)
            if api.urn in one.links.get("apiId", ())
        ]
        known = [tenants(text) if isinstance(text, str) else set() for text in texts]
        if any(len(one) == 1 for one in known):
            continue
        yield Finding(
            resource=api,
            path="subscriptionRequired",
            found=UNKNOWN if UNKNOWN in texts else False,
            wanted="true, or a policy that validates tokens of one tenant",
            fix="ask for a key, or set entraTenant and entraAudience",
        )


def _another_workspace(stack: Stack) -> Iterator[Finding]:
    """Compare the workspaces of the diagnostic settings: the check asks one for all the logs."""
    own = {workspace.urn for workspace in stack.of_kind(Kind.WORKSPACE)}
    first: tuple[str, object] | None = None
    for setting in stack.of_kind(Kind.SETTING):
        if is_copy(setting):
            continue
        found = setting.get("workspaceId")
        leads_to = setting.links.get("workspaceId", frozenset()) & own or str(found).lower()
        first = first or (setting.name, leads_to)
        if leads_to != first[1]:
            yield Finding(
                resource=setting,
                path="workspaceId",
                found=Quoted("that of another workspace") if found is UNKNOWN else found,
                wanted=f"the workspace of {first[0]}",
                fix="send the logs of the whole stack to one workspace",
            )
