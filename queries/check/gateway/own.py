"""What the stack's own API must do wherever it is called: all of its policy, in each revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queries.check.configuration.base import differs
from queries.check.difference import Difference
from queries.check.drift.documents import difference
from queries.check.drift.equal import empty
from queries.check.gateway.effective import Effective, Statement
from queries.check.gateway.model import REVISION, Api, Json, Scope
from queries.check.gateway.statements import SECTIONS

LABELS = frozenset(
    {
        *("apiRevision", "apiRevisionDescription", "apiVersionDescription", "apiVersionSet"),
        *("contact", "description", "displayName", "isCurrent", "isOnline", "license"),
        *("provisioningState", "sourceApiId", "termsOfServiceUrl"),
    }
)
"""Properties of an API that callers do not meet.

https://learn.microsoft.com/rest/api/apimanagement/apis/get
"""
JUDGED = "serviceUrl"
"""The property that counts only where no policy replaces it, as `targets.ends` judges."""
IN_PORTAL = "portal: API Management > APIs > the API > Revisions"
REVISION_FIX = f"{IN_PORTAL}: take the revision offline, or delete it"
BASE_FIX = "put <base /> into each section of that policy, under no condition, or delete the policy"
DEFAULTS = {"apiType": "http", "type": "http"}
"""What an API is that does not say.

https://learn.microsoft.com/rest/api/apimanagement/apis/create-or-update#apitype
"""


def statements(scope: Scope, service: Scope, api: Api) -> list[Statement]:
    """List the statements of an API's own policy, fragments included, in their order.

    Raises:
        UnclearError: the policy is not understood.
    """
    alone = Effective(scope=scope, service=service, chain=[api.policy])
    return [one for one in alone.statements() if one.level == 0]


def held(
    wanted: Sequence[Statement], there: Sequence[Statement]
) -> tuple[list[Statement], list[Statement]]:
    """Find each wanted statement on a way, in order and as surely; return also those not there."""
    found, missing, at = list[Statement](), list[Statement](), 0
    for one in wanted:
        places = [i for i in range(at, len(there)) if _is(one, there[i])]
        itself = (i for i in places if there[i].element is one.element)
        if (place := next(itself, next(iter(places), None))) is None:
            missing.append(one)
        else:
            found.append(there[place])
            at = place + 1
    return found, missing


def _is(wanted: Statement, one: Statement) -> bool:
    if wanted.section != one.section or (wanted.sure and not one.sure):
        return False
    return wanted.element is one.element or difference(wanted.element, one.element) is None


def lacking(api: Api, way: Effective, missing: Sequence[Statement]) -> Iterator[Difference]:
    """Tell, section by section, which of the API's own statements a way does not surely run."""
    place = next((one.place for one in way.chain[:2] if one), f"the API {api.name}, without policy")
    for section in SECTIONS:
        if lost := [one for one in missing if one.section == section]:
            names = f"{lost[0].element.name} {lost[0].element.attributes.get('name', '')}".strip()
            more = f", nor {len(lost) - 1} more" if lost[1:] else ""
            yield Difference(
                path=f"what calls surely meet of the API's own {section} under {place}",
                declared="all of it, in order",
                deployed=f"not {names}{more}",
                fix=REVISION_FIX if REVISION in api.name else BASE_FIX,
            )


def differing(current: Api, revision: Api) -> Iterator[Difference | str]:
    """Yield where another revision meets callers otherwise than the current one.

    Its policies are judged as those of any way. A property that is not told is not judged: by
    default each revision has the same security settings, and may be given others.
    https://learn.microsoft.com/azure/api-management/api-management-revisions
    """
    for name in sorted((current.properties.keys() | revision.properties.keys()) - LABELS):
        one, other = (
            api.properties.get(name) or DEFAULTS.get(name, api.properties.get(name))
            for api in (current, revision)
        )
        if name == JUDGED or _same(one, other):
            continue
        if empty(other):
            yield f"{name} of the revision {revision.name} is not told"
            continue
        path = f"{name} of the revision {revision.name}, which is online"
        yield from differs(path, one, other, REVISION_FIX)
    mine, theirs = _operations(current), _operations(revision)
    for operation in sorted(mine ^ theirs):
        one, other = ("there" if operation in there else "missing" for there in (mine, theirs))
        path = f"operation {operation} of the revision {revision.name}, which is online"
        yield from differs(path, one, other, REVISION_FIX)


def _same(one: object, other: object) -> bool:
    """Compare values; null, empty or left out are the same."""
    if isinstance(one, dict | None) and isinstance(other, dict | None):
        mine, theirs = one or {}, other or {}
        return all(_same(mine.get(key), theirs.get(key)) for key in mine.keys() | theirs.keys())
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    return (empty(one) and empty(other)) or one == other


def _operations(api: Api) -> set[str]:
    """Return how each operation is called: method, and template with what the query must have."""
    return {_called(one.properties) for one in api.operations}


def _called(operation: Json) -> str:
    return f"{operation.get('method')} {operation.get('urlTemplate')}".lower()
