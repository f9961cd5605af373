"""Change headers and query parameters as `set-…` statements say."""

from collections.abc import Callable
from xml.etree.ElementTree import Element

from sandbox.http import Headers


def set_field(
    statement: Element, fields: Headers, value: Callable[[str], str] = lambda text: text
) -> None:
    """Do what a `set-…` statement says: override, skip, append or delete.

    https://learn.microsoft.com/azure/api-management/set-header-policy
    """
    name, action = statement.attrib["name"], statement.get("exists-action", "override")
    if action == "skip" and name in fields:
        return
    if action != "append":
        fields.delete(name)
    for found in [] if action == "delete" else statement.findall("value"):
        fields.add(name, value((found.text or "").strip()))
