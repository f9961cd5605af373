"""Keys and tokens never reach a log."""

from __future__ import annotations

from collections.abc import Iterator

from rules import credentials
from rules.ancestry import belongs, of_one_gateway
from rules.api_logging import API_DIAGNOSTICS, PARTS
from rules.apis import APIS
from rules.finding import Finding
from rules.parameters import Config, Parameter
from rules.resource import UNKNOWN, Resource, items
from rules.stack import Stack

DIAGNOSTICS = (API_DIAGNOSTICS, "Microsoft.ApiManagement/service/diagnostics")
HIDDEN = ("mask", "hide")
HEADERS = Parameter(
    "headers",
    ("Authorization", "api-key"),
    "Headers that are masked, beside those in which the API takes keys",
)
QUERY = Parameter(
    "queryParams",
    ("subscription-key",),
    "Query parameters that are masked, beside those in which the API takes keys",
)


def secrets_masked(stack: Stack, config: Config) -> Iterator[Finding]:
    """Requests mask each secret; responses those headers that they log.

    https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update#datamasking
    """
    for diagnostic in stack.of_type(*DIAGNOSTICS):
        owners = _owners(stack, diagnostic)
        headers = credentials.names("header", HEADERS.read(config), *owners)
        queries = credentials.names("query", QUERY.read(config), *owners)
        yield from _unnamed(owners)
        for part in PARTS:
            path = f"{part}.dataMasking"
            if part.endswith(".request"):
                yield from _masked(diagnostic, f"{path}.headers", headers)
                yield from _masked(diagnostic, f"{path}.queryParams", queries)
            else:
                logged = _logged(diagnostic, part, headers)
                yield from _masked(diagnostic, f"{path}.headers", logged)


def _owners(stack: Stack, diagnostic: Resource) -> list[Resource]:
    """The API whose calls a diagnostic logs; all of a gateway's, if it is the gateway's."""
    if diagnostic.is_a(API_DIAGNOSTICS):
        return [api for api in stack.of_type(APIS) if belongs(stack, diagnostic, api) is not False]
    return [
        api for api in stack.of_type(APIS) if of_one_gateway(stack, diagnostic, api) is not False
    ]


def _unnamed(owners: list[Resource]) -> Iterator[Finding]:
    for api in owners:
        for place in credentials.DEFAULT_KEYS:
            if credentials.key_name(api, place) is UNKNOWN:
                path = api.path(f"{credentials.KEY_NAMES}.{place}")
                wanted = "a name that the diagnostic masks"
                fix = "state it as a text"
                yield Finding(resource=api, path=path, found=UNKNOWN, wanted=wanted, fix=fix)


def _logged(diagnostic: Resource, part: str, headers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the headers that a message logs, or, the list being unknown, may log."""
    found = diagnostic.get(f"{part}.headers")
    if found is UNKNOWN or UNKNOWN in (found or ()):
        return headers
    names = {str(name).lower() for name in found or ()}
    return tuple(header for header in headers if header.lower() in names)


def _masked(diagnostic: Resource, path: str, secrets: tuple[str, ...]) -> Iterator[Finding]:
    masks = diagnostic.get(path)
    unknown = masks is UNKNOWN or UNKNOWN in (masks or ())
    hidden = {
        str(mask.get("value")).lower()
        for mask in items(None if masks is UNKNOWN else masks)
        if str(mask.get("mode")).lower() in HIDDEN
    }
    missing = [secret for secret in secrets if secret.lower() not in hidden]
    if missing:
        yield Finding(
            resource=diagnostic,
            path=diagnostic.path(path),
            found=UNKNOWN if unknown else masks,
            wanted=f"a mask for {' and for '.join(missing)}",
            fix=" ".join(f"add {{mode: Mask, value: {secret}}}" for secret in missing),
        )
