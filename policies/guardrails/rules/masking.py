"""Keys and tokens never reach a log."""

from __future__ import annotations

from collections.abc import Iterator

from rules.api_logging import API_DIAGNOSTICS, PARTS
from rules.finding import Finding
from rules.parameters import Config, Parameter
from rules.resource import UNKNOWN, Resource, items

DIAGNOSTICS = (API_DIAGNOSTICS, "Microsoft.ApiManagement/service/diagnostics")
HIDDEN = ("mask", "hide")
HEADERS = Parameter("headers", ("Authorization", "api-key"), "Headers that are masked")
QUERY = Parameter("queryParams", ("subscription-key",), "Query parameters that are masked")


def secrets_masked(diagnostic: Resource, config: Config) -> Iterator[Finding]:
    """Requests mask each secret; responses those headers that they log.

    https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update#datamasking
    """
    headers = HEADERS.read(config)
    for part in PARTS:
        if part.endswith(".request"):
            yield from _masked(diagnostic, f"{part}.dataMasking.headers", headers)
            yield from _masked(diagnostic, f"{part}.dataMasking.queryParams", QUERY.read(config))
        else:
            logged = _logged(diagnostic, part, headers)
            yield from _masked(diagnostic, f"{part}.dataMasking.headers", logged)


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
