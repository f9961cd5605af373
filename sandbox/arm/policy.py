"""Policy documents: https://learn.microsoft.com/azure/api-management/api-management-policies."""

import json
from collections.abc import Iterator
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax
from defusedxml.ElementTree import fromstring

from sandbox import named_values
from sandbox.arm.base import DATA, Put, refuse
from sandbox.csharp import EXPRESSION
from sandbox.errors import ArmError, NotModelledError
from sandbox.policy_text import as_xml

_KNOWN = json.loads((DATA / "policies.json").read_text())
_IN_FRAGMENTS = _KNOWN["statements"].keys() - {"base"}
_SECTIONS = ("inbound", "backend", "outbound", "on-error")
LARGEST = 256 * 1024
"""Bytes of the largest policy document: see `_check_size`."""
_PARTS_OF_A_SERVICE = 9
"""`/subscriptions/…/providers/Microsoft.ApiManagement/service/name`, cut at its slashes."""
_CONTAINERS = (*_SECTIONS, "when", "otherwise", "retry", "limit-concurrency", "wait")


def policy(put: Put) -> None:
    """A document is well-formed and has known statements only.

    https://learn.microsoft.com/rest/api/apimanagement/api-policy/create-or-update
    """
    _check(put, "policies")


def fragment(put: Put) -> None:
    """A fragment holds statements, and is included by name.

    https://learn.microsoft.com/azure/api-management/policy-fragments
    """
    _check(put, "fragment")


def _check(put: Put, root: str) -> None:
    """A text is well-formed, and names statements and values that there are.

    https://learn.microsoft.com/rest/api/apimanagement/api-policy/create-or-update
    Sure: inferred, as the words for a named value that there is not are not public.
    """
    kind, text = put.properties["format"], str(put.properties["value"])
    _check_size(text)
    if kind not in ("xml", "rawxml"):
        raise NotModelledError(f"the sandbox takes policies inline, not as {kind}")
    try:
        defusedxml.sax.parseString(as_xml(text, kind).encode(), _Checker(root))
    except SAXParseException as error:
        where = f"Line {error.getLineNumber()}, position {(error.getColumnNumber() or 0) + 1}"
        raise refuse("ValidationError", text=f"{error.getMessage()}. {where}.") from None
    if "/workspaces/" in put.id.text.lower() and "authentication-managed-identity" in text:
        raise NotModelledError("the sandbox's workspaces have no managed identity")
    _check_backends(put, as_xml(text, kind))
    for name in named_values.names(text):
        if named_values.find(put.cloud, put.id.text, name) is None:
            raise refuse("ValidationError", text=f"Cannot find a property '{name}'")


def _check_size(text: str) -> None:
    """A policy document has at most 256 KiB.

    https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-service-limits.md
    Sure: inferred, as the page has the number, and not the words of the refusal.
    """
    if len(text.encode()) > LARGEST:
        raise refuse("ValidationError", text="Policy document exceeds the maximum size of 256 KB.")


def _check_backends(put: Put, text: str) -> None:
    """A backend that a statement names is one of the service or of the workspace.

    https://learn.microsoft.com/azure/api-management/set-backend-service-policy
    Sure: inferred, as the page does not say so: a public project's tests quote the words.
    """
    service = "/".join(put.id.text.split("/")[:_PARTS_OF_A_SERVICE])
    folder = put.id.text.lower().partition("/workspaces/")[2].split("/")[0]
    scopes = (service, f"{service}/workspaces/{folder}")
    for statement in fromstring(text).iter("set-backend-service"):
        name = statement.get("backend-id", "")
        known = any(put.cloud.get(f"{scope}/backends/{name}") for scope in scopes)
        if name and not EXPRESSION.match(name) and not known:
            text = f"Backend with id '{name}' could not be found."
            raise refuse("ValidationError", text=f"Error in element 'set-backend-service': {text}")


class _Checker(ContentHandler):
    """Refusals have the words of a public report: https://github.com/microsoft/vscode-apimanagement/issues/145."""

    _locator: Locator

    def __init__(self, root: str) -> None:
        super().__init__()
        self._root = root
        self._open: list[str] = []
        self._seen: list[str] = []
        self._backend: list[str] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        """Refuse an element where it must not stand.

        Sure: no belief.
        """
        self._open.append(name)
        for element, text in self._errors(name, attrs):
            raise self._refused(element, text)

    def characters(self, content: str) -> None:
        """Sections hold statements only; what statements hold is their own matter.

        Sure: inferred, as no public report shows a text between statements.
        """
        name = self._open[-1]
        if name in (*_CONTAINERS, "policies", "choose") and content.strip():
            raise self._refused(name, f"The element '{name}' cannot contain text.")

    def _refused(self, element: str, text: str) -> ArmError:
        """A refusal tells the line and column of the element.

        Sure: inferred, as the form is that of one refusal, and taken for all.
        """
        line, column = self._locator.getLineNumber(), self._locator.getColumnNumber()
        where = f"Error in element '{element}' on line {line}, column {(column or 0) + 2}"
        return refuse("ValidationError", text=f"{where}: {text}")

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        """Leave the element.

        Sure: no belief.
        """
        self._open.pop()

    def _errors(self, name: str, attrs: AttributesImpl) -> Iterator[tuple[str, str]]:
        """Yield each wrong element and what is wrong with it."""
        root, section, *inner = [*self._open, ""]
        parent = (self._open[-2:-1] or ["document"])[0]
        known = name == self._root if parent == "document" else True
        if root == "fragment":
            known = known and (parent not in (root, *_CONTAINERS) or name in _IN_FRAGMENTS)
        elif section == name and not inner[1:]:
            known = name in _SECTIONS and name not in self._seen
            self._seen.append(name)
        elif parent == "choose":
            known = name in ("when", "otherwise")
        elif parent in _CONTAINERS and root == "policies":
            known = name in _KNOWN["statements"]
            yield from self._misplaced(name, attrs, section, parent)
        if not known:
            yield parent, f"The element '{parent}' has invalid child element '{name}'."

    def _misplaced(
        self, name: str, attrs: AttributesImpl, section: str, parent: str
    ) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with a statement where it stands, and with its attributes."""
        if parent == "backend":
            self._backend.append(name)
            if self._backend[1:]:
                yield parent, "backend section allows only one policy to be specified"
        if section not in _KNOWN["statements"].get(name, section).split():
            yield name, "Policy is not allowed in the specified section"
        for missing in _KNOWN["required"].get(name, ()):
            if not set(attrs.keys()) & set(missing.split("|")):
                yield name, f"The required attribute '{missing}' is missing."
        if attrs.get("exists-action", "skip") not in _KNOWN["exists-action"]:
            yield name, "The value of the attribute 'exists-action' is invalid."
