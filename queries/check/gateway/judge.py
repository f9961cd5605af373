"""Judge by what calls would meet: every API, revision, product and operation of the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queries.check.difference import Difference, Findings
from queries.check.gateway import own as stack
from queries.check.gateway.changes import FIX, changes
from queries.check.gateway.effective import Effective, Statement, UnclearError
from queries.check.gateway.logged import IN_PORTAL, unlogged
from queries.check.gateway.model import Api, Gateway, Json, Policy, Scope
from queries.check.gateway.paths import taken
from queries.check.gateway.pools import pools
from queries.check.gateway.statements import KNOWN
from queries.check.gateway.targets import Accounts, End, Unclear, ends
from queries.check.masked import masked
from queries.check.words import counted
from queries.outputs import Target

TYPES = frozenset({"http", "soap", "websocket", "graphql", "odata", "grpc"})
"""Types of APIs whose calls go to their service URL, unless a policy says otherwise.

https://learn.microsoft.com/rest/api/apimanagement/apis/create-or-update#apitype
"""
Found = Iterator[Difference | str]


def judge(gateway: Gateway, deployed: Sequence[Json | None], target: Target) -> Findings:
    """Judge a gateway by the accounts as Azure shows them, and by what the stack declared."""
    account = Accounts.of(target, deployed)
    found: list[Difference | str] = list(taken(gateway, target))
    for scope in gateway.scopes:
        for api in scope.apis:
            found += _of_api(gateway, scope, api, account, target)
    if _current(gateway, target) is None:
        found.append(f"the stack's API {target.api_id} is not among those of the gateway")
    found += (f"{path} cannot be read ({why})" for path, why in sorted(gateway.unread.items()))
    number = sum(len(scope.apis) for scope in gateway.scopes)
    apis = counted(number, "API or revision", "APIs and revisions")
    return Findings(
        differences=tuple(dict.fromkeys(one for one in found if isinstance(one, Difference))),
        unclear=tuple(dict.fromkeys(one for one in found if isinstance(one, str))),
        said=f"of {apis} none leads to the account around the logs, and no policy changes the "
        "stack's calls",
    )


def _current(gateway: Gateway, target: Target) -> Api | None:
    """Return the current revision of the stack's own API, which `drift` compares."""
    wanted = target.api_id.lower()
    return next((one for one in gateway.service.apis if one.name.lower() == wanted), None)


def _of_api(gateway: Gateway, scope: Scope, api: Api, account: Accounts, target: Target) -> Found:
    """Yield what is wrong with one API, or not understood."""
    own = not scope.workspace and api.base == target.api_id.lower()
    name = f"API {api.name}{f' of the workspace {scope.workspace}' if scope.workspace else ''}"
    kind = str(api.properties.get("type") or api.properties.get("apiType") or "http").lower()
    if kind not in TYPES:
        yield f"{name}: its type {masked(kind)} is not known"
    leads, current = own, _current(gateway, target)
    if own and current and api is not current:
        yield from stack.differing(current, api)
    for chain in _chains(gateway, scope, api):
        way = Effective(scope=scope, service=gateway.service, chain=chain)
        try:
            statements = list(way.statements())
        except UnclearError as reason:
            yield f"{name}: {reason}"
            continue
        if own:
            yield from _of_own(way, api, current or api, statements, account, target)
            continue
        for one in _of_other(way, api, statements, account):
            if isinstance(one, End):
                leads = True
                yield from _to_account(scope, api, one, target)
            else:
                yield f"{name}: {one}"
    if leads:
        yield from _self_hosted(gateway, scope, api)


def _chains(gateway: Gateway, scope: Scope, api: Api) -> Iterator[list[Policy | None]]:
    """Yield the policies that a call may meet, from the innermost scope to the outermost.

    With a key of no product there is no product's policy.
    https://learn.microsoft.com/azure/api-management/api-management-howto-policies#scopes
    """
    inner = {one.policy.place: one.policy for one in api.operations if one.policy}
    operations: list[Policy | None] = list(inner.values())
    if not operations or any(one.policy is None for one in api.operations):
        operations.append(None)
    products: list[Policy | None] = [None]
    products += [one.policy for one in scope.products if one.policy and api.base in one.apis]
    outer = [scope.policy, gateway.service.policy] if scope.workspace else [scope.policy]
    for operation in operations:
        for product in products:
            yield [operation, api.policy, product, *outer]


def _of_own(
    way: Effective,
    api: Api,
    current: Api,
    statements: list[Statement],
    account: Accounts,
    target: Target,
) -> Found:
    """Yield where the stack's own calls end beside the account, and what changes them.

    The policy of the `current` revision is what every revision and operation must run.
    """
    for one in ends(way, api.properties.get("serviceUrl"), statements):
        if isinstance(one, Unclear):
            yield str(one)
        elif one.maybe:
            yield f"{one.statement} in {one.place}: {one.maybe}"
        elif one.extra and account.has(one.url):
            path = f"{one.statement} in {one.place}"
            yield Difference(
                path=path, declared="nowhere", deployed="a second call of the account", fix=FIX
            )
        elif one.extra and (reason := account.may_have(one.url)):
            yield f"{one.statement} in {one.place}: {reason}"
        elif not one.extra and not account.called_as_declared(one.url):
            path = f"where calls of the stack's API go ({one.statement} in {one.place})"
            declared = " or ".join(each.backend_url for each in target.every_account)
            yield Difference(path=path, declared=declared, deployed=one.url)
    for each in pools(way, statements, account, target):
        yield each if isinstance(each, Difference) else str(each)
    try:
        wanted = stack.statements(way.scope, way.service, current)
    except UnclearError as reason:
        yield f"API {current.name}: {reason}"
        return
    kept, missing = stack.held(wanted, statements)
    yield from stack.lacking(api, way, missing)
    for change in changes(way, statements, kept, target):
        yield change if isinstance(change, Difference) else str(change)


def _of_other(
    way: Effective, api: Api, statements: list[Statement], account: Accounts
) -> Iterator[End | Unclear]:
    """Yield where calls of another API reach the account, or may, for all that is understood."""
    for one in ends(way, api.properties.get("serviceUrl"), statements):
        if isinstance(one, Unclear):
            yield one
        elif account.has(one.url):
            yield Unclear(one.place, one.statement, one.maybe) if one.maybe else one
        elif reason := account.may_have(one.url):
            yield Unclear(one.place, one.statement, reason)
    for statement in statements:
        if statement.element.name not in KNOWN:
            yield Unclear(statement.place, statement.element.name, "the statement is not known")


def _to_account(scope: Scope, api: Api, end: End, target: Target) -> Found:
    """Yield what the log of an API that leads to the account lacks.

    Whether rows of a workspace's own gateway reach the stack's workspace is documented nowhere.
    """
    why = f"{end.statement} in {end.place}"
    name = f"the API {api.name}, which leads to the account ({why})"
    fix = f"{IN_PORTAL} > {api.name} > Settings > Azure Monitor, or delete it"
    lacking = list(unlogged(api, scope, name, fix, target))
    yield from lacking
    if scope.workspace and not lacking:
        yield f"where the API {api.name} of the workspace {scope.workspace} logs its calls ({why})"


def _self_hosted(gateway: Gateway, scope: Scope, api: Api) -> Found:
    """Yield each self-hosted gateway that serves the API: it sends no logs to Azure.

    https://learn.microsoft.com/azure/api-management/how-to-configure-cloud-metrics-logs
    """
    for name, apis in gateway.self_hosted.items():
        if not scope.workspace and api.base in apis:
            yield Difference(
                path=f"log of the calls that the self-hosted gateway {name} takes to {api.name}",
                declared="in the workspace",
                deployed="nowhere",
                fix=f"{IN_PORTAL}: take the API out of that gateway (Gateways > {name} > APIs)",
            )
