"""Named values of a service or of a workspace, as policies use them."""

import re
from collections.abc import Iterator

from sandbox.cloud import Cloud, Resource

_NAMED = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


def names(text: str) -> Iterator[str]:
    """Yield the names that a text uses.

    Sure: no belief.
    """
    yield from dict.fromkeys(_NAMED.findall(text))


def find(cloud: Cloud, within: str, name: str) -> Resource | None:
    """Find a named value by what policies call it: of the workspace, else of the service.

    https://learn.microsoft.com/azure/api-management/api-management-howto-properties
    Sure: inferred, as the page does not say which of two of one name a workspace takes.
    """
    folder = within.lower()
    for one in [
        *cloud.of_type(f"{_SERVICE}/workspaces/namedValues"),
        *cloud.of_type(f"{_SERVICE}/namedValues"),
    ]:
        holder = one.id.lower().rpartition("/namedvalues/")[0]
        if (
            folder.startswith(f"{holder}/")
            and one.properties["displayName"].lower() == name.lower()
        ):
            return one
    return None


def fill(text: str, values: dict[str, str]) -> str:
    """Put the values into a text, by name in lower case; the gateway does so before all else.

    https://learn.microsoft.com/azure/api-management/api-management-howto-properties
    """
    return _NAMED.sub(lambda found: values[found[1].lower()], text)


_SERVICE = "Microsoft.ApiManagement/service"
