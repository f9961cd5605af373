"""Who may call the account beside the gateway: every role that gives data actions on it.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from queries.check.configuration.access import ROLE_FIX, keys_fix
from queries.check.configuration.base import Json, inside, last, properties, same_id
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.configuration.versions import ROLES
from queries.check.difference import Difference, Findings
from queries.check.words import counted
from queries.outputs import Target

AUTHORIZATION = "/providers/Microsoft.Authorization"
DATA = ("dataActions", "notDataActions")
"""Where a role gives data actions and takes them away."""
OF_ACCOUNTS = "Microsoft.CognitiveServices/accounts"
SERVICES = ("OpenAI", "MaaS", "AIServices")
"""Where, below `OF_ACCOUNTS`, the data actions lie by which models are called.

https://learn.microsoft.com/azure/role-based-access-control/permissions/ai-machine-learning
"""
OPENAI = "openai"
"""Kind of an account that serves the first of them alone, and no speech or language."""
KEYS = ("actions", "notActions", "Microsoft.CognitiveServices/accounts/listKeys/action")
KEYS_ALLOWED = "the account takes its keys, as accountKeys allows: such calls are in no gateway log"
READ = "/read"
"""How data actions end that read what is there, and call no model."""
KINDS = {"User": "user", "Group": "group", "ServicePrincipal": "service principal"}
FIX = (
    "take the role away (portal: Azure OpenAI > Access control > Role assignments), or name the "
    "object id in otherCallers and run pulumi up: its calls are then in no gateway log"
)


@dataclass(frozen=True, kw_only=True)
class Callers:
    """The role assignments that act on the account, and what their roles allow."""

    assignments: tuple[Json, ...] = ()
    """Properties of each, from every scope above the account and below."""
    definitions: dict[str, Json] = field(default_factory=dict)
    """Properties of each role by its id's last part, in lower case."""
    unread: dict[str, str] = field(default_factory=dict)
    """Why what could not be read could not."""


def read(arm: Manager, target: Target) -> Callers:
    """Read the assignments as the account shows them, and each role once.

    Without a filter the list holds those of every scope above the account, and of those below.
    https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
    """
    path = f"{target.account.id}{AUTHORIZATION}"
    try:
        listed = arm.list(f"{path}/roleAssignments", ROLES)
    except UnreadableError as error:
        return Callers(unread={"the role assignments on the account": str(error)})
    assignments = tuple(map(properties, listed))
    names = sorted({_role(one) for one in assignments})
    found = arm.many([f"{path}/roleDefinitions/{name}" for name in names], ROLES)
    roles = dict(zip(names, found.values(), strict=True))
    unread = {
        f"the role {name}": str(role) if role else "there is no such role"
        for name, role in roles.items()
        if role is None or isinstance(role, UnreadableError)
    }
    definitions = {name: properties(role) for name, role in roles.items() if name not in unread}
    return Callers(assignments=assignments, definitions=definitions, unread=unread)


def judge(found: Callers, account: Json | None, target: Target) -> Findings:
    """Judge who else may call the account, with a token or with its keys."""
    own, named = target.gateway_principal_id.lower(), {one.lower() for one in target.other_callers}
    others = [one for one in found.assignments if _principal(one) != own]
    known = [
        (one, found.definitions[_role(one)]) for one in others if _role(one) in found.definitions
    ]
    kind = str(inside(account, "kind") or "").lower()
    callers = [(one, role) for one, role in known if _calls(role, kind)]
    allowed = sorted({_principal(one) for one, _ in callers} & named)
    differences = [
        _caller(one, role, target) for one, role in callers if _principal(one) not in named
    ]
    differences += _own_role(found, kind, target)
    keys = account is not None and not properties(account).get("disableLocalAuth")
    if keys and target.account.keys != "allow":
        listing = {_principal(one) for one, role in known if allows(role, KEYS)}
        differences.append(_by_keys(listing, target))
    said = f"of {counted(len(found.assignments), 'role assignment')}, those with data actions on "
    said += "the account are the gateway's"
    said += f", and of otherCallers, in no gateway log: {', '.join(allowed)}" if allowed else ""
    said += f"; {KEYS_ALLOWED}" if keys else ""
    return Findings(
        differences=tuple(dict.fromkeys(differences)),
        unclear=(
            *_unclear(found, account, own),
            *(
                f"{_who(one, role)}, gives data actions of another service, which an account of "
                f"the kind {kind or 'that is not told'} may serve"
                for one, role in known
                if kind != OPENAI and _principal(one) not in named and _of_another(role, kind)
            ),
        ),
        said=said,
        groups=tuple(
            _principal(one)
            for one, _ in callers
            if _principal(one) in named and one.get("principalType") == "Group"
        ),
    )


def _unclear(found: Callers, account: Json | None, own: str) -> Iterator[str]:
    """Say what could not be read; a list without the gateway's own role is not the whole list."""
    yield from (f"{what} cannot be read ({why})" for what, why in found.unread.items())
    if not found.unread and own not in map(_principal, found.assignments):
        yield "the role assignments that can be read lack the gateway's own"
    for name, role in found.definitions.items():
        if not isinstance(role.get("permissions"), list):
            yield f"the role {name} does not tell what it allows"
    if account is None:
        yield "the account cannot be found"


def _own_role(found: Callers, kind: str, target: Target) -> Iterator[Difference]:
    """Demand a role by which the gateway may call, once each of its roles could be read."""
    principal = target.gateway_principal_id.lower()
    own = [
        (one, found.definitions.get(_role(one), {}))
        for one in found.assignments
        if _principal(one) == principal
    ]
    if not own or not all(isinstance(role.get("permissions"), list) for _, role in own):
        return
    if not any(_covers(one, target) and _calls(role, kind) for one, role in own):
        said = ", ".join(str(role.get("roleName") or _role(one)) for one, role in own)
        yield Difference(
            path="role by which the gateway's identity calls the account",
            declared=target.role_id,
            deployed=f"none; it has {said}, with no data action on the account's models",
            fix=ROLE_FIX,
        )


def _covers(one: Json, target: Target) -> bool:
    """Tell whether an assignment acts on the account itself, not on a part of it alone."""
    return not str(one.get("scope") or "").lower().startswith(f"{target.account.id.lower()}/")


def _calls(role: Json, kind: str) -> bool:
    """Tell whether a role gives data actions on models of an account of some kind."""
    services = SERVICES[:1] if kind == OPENAI else SERVICES
    return any(allows(role, (*DATA, f"{OF_ACCOUNTS}/{one}/*")) for one in services)


def _of_another(role: Json, kind: str) -> bool:
    """Tell whether a role gives data actions on an account, and none on its models."""
    return allows(role, (*DATA, f"{OF_ACCOUNTS}/*")) and not _calls(role, kind)


def _who(one: Json, role: Json) -> str:
    kind = KINDS.get(str(one.get("principalType")), "principal")
    return f"the {kind} {one.get('principalId')} as {role.get('roleName') or _role(one)}"


def _caller(one: Json, role: Json, target: Target) -> Difference:
    said = f"{_who(one, role)}, assigned {_where(one, target)}"
    if one.get("condition"):
        said += ", under a condition, which is not evaluated"
    return Difference(
        path="who may call the account around the gateway",
        declared="nobody",
        deployed=said,
        fix=FIX,
    )


def _by_keys(listing: set[str], target: Target) -> Difference:
    """Tell who may list the account's keys, which act while local authentication is on."""
    said = f"whoever has a key; {counted(len(listing), 'other')} than the gateway may list the keys"
    return Difference(
        path="who may call the account by its keys",
        declared="nobody",
        deployed=said,
        fix=keys_fix(target),
    )


def _where(one: Json, target: Target) -> str:
    scope = str(one.get("scope") or "")
    if same_id(scope, target.account.id):
        return "on the account"
    kinds = {
        r"/": "at the root of the tenant",
        r".*/managementGroups/([^/]+)": r"at the management group \1",
        r"/subscriptions/[^/]+": "at the subscription",
        r".*/resourceGroups/([^/]+)": r"at the resource group \1",
    }
    for pattern, words in kinds.items():
        if re.fullmatch(pattern, scope, re.IGNORECASE):
            return re.sub(f"(?i)^{pattern}$", words, scope)
    return f"at {scope or 'a scope that is not told'}"


def allows(role: Json, wanted: tuple[str, str, str]) -> bool:
    """Tell whether a role allows what a pattern of actions matches, beside reading data."""
    given, taken, pattern = wanted
    for one in role.get("permissions") or []:
        refused = _texts(inside(one, taken))
        for action in _texts(inside(one, given)):
            reads = action.lower().endswith(READ)
            if meet(action, pattern) and not reads and not _taken(action, pattern, refused):
                return True
    return False


def _taken(action: str, wanted: str, refused: Sequence[str]) -> bool:
    """Tell whether one refused pattern holds all that both others do."""
    return any(holds(one, action) or holds(one, wanted) for one in refused)


def holds(pattern: str, other: str) -> bool:
    """Tell whether a pattern matches all that another does, without case."""
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), other, re.IGNORECASE) is not None


def meet(one: str, other: str) -> bool:
    """Tell whether two patterns with `*` match some text in common, without case."""
    first, second = one.lower(), other.lower()
    reached = {(0, 0)}
    while reached:
        if (len(first), len(second)) in reached:
            return True
        reached = {step for at in reached for step in _steps(first, second, *at)}
    return False


def _steps(first: str, second: str, at: int, then: int) -> Iterator[tuple[int, int]]:
    """Yield the places that are reached by one more character, or by the end of a `*`."""
    one, other = first[at : at + 1], second[then : then + 1]
    if one == "*":
        yield at + 1, then
    if other == "*":
        yield at, then + 1
    if one == "*" and other not in {"", "*"}:
        yield at, then + 1
    if other == "*" and one not in {"", "*"}:
        yield at + 1, then
    if one and one == other and one != "*":
        yield at + 1, then + 1


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _principal(one: Json) -> str:
    return str(one.get("principalId") or "").lower()


def _role(one: Json) -> str:
    return last(one.get("roleDefinitionId")).lower()
