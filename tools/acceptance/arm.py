"""Requests of a run to Azure Resource Manager; they change only the run's own group."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from queries.check.configuration.connection import Credential
from tools.acceptance.plan import Plan
from tools.adopt.arm import KINDS

ENDPOINT = "https://management.azure.com"
_TYPES = {
    "group": "resources:ResourceGroup",
    "account": "cognitiveservices:Account",
    "gateway": "apimanagement:ApiManagementService",
    "workspace": "operationalinsights:Workspace",
    "diagnosticSettings": "monitor:DiagnosticSetting",
    "roleAssignments": "authorization:RoleAssignment",
    "actionGroups": "monitor:ActionGroup",
    "metricAlerts": "monitor:MetricAlert",
}
VERSIONS = {name: KINDS[f"azure-native:{kind}"].version for name, kind in _TYPES.items()}
"""API versions: for what the program declares its SDK's, for all else Azure's own."""
VERSIONS |= {"subscription": "2022-12-01", "deletedWorkspaces": "2023-09-01"}
PAUSE = 10.0
"""Seconds between two looks at a resource that is being deleted."""
PATIENCE = 3_600.0
"""Seconds after which the run gives up on a deletion and reports it: a gateway may take an hour."""
NOT_FOUND, CONFLICT, FAILED = 404, 409, 400
TRIES, PASSING = 4, (429, 500, 502, 503, 504)
"""Attempts of a request, and statuses after which it is repeated: all requests are idempotent."""


class ForeignError(Exception):
    """A request would change something outside the run's own group."""


class NoAnswerError(Exception):
    """Azure cannot be reached, nobody is logged in, or the person may not read."""


@dataclass
class Arm:
    """Requests of the person who is logged in."""

    plan: Plan
    sleep: Callable[[float], None] = time.sleep
    _credential: Credential = field(default_factory=DefaultAzureCredential)

    def send(
        self, method: str, path: str, version: str = "", body: Any = None, **query: str
    ) -> httpx.Response:
        """Send one request, and return the answer; without a `version` the request names none.

        Raises:
            ForeignError: the request would change something that is not the run's own.
            NoAnswerError: no answer.
        """
        if method != "GET":
            self.check_own(path)
        asked = {"api-version": version, **query} if version else query
        why = ""
        for _ in range(TRIES):
            try:
                token = self._credential.get_token(f"{ENDPOINT}/.default").token
                answer = httpx.request(
                    method,
                    ENDPOINT + path,
                    params=asked,
                    json=body,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=120,
                )
            except (AzureError, httpx.HTTPError) as error:
                why = (str(error).splitlines() or [type(error).__name__])[0]
            else:
                if answer.status_code not in PASSING:
                    return answer
                why = status_and_code(answer)
            self.sleep(PAUSE)
        raise NoAnswerError(f"{method} {path}: {why}")

    def check_own(self, path: str) -> None:
        """Refuse a path outside the run's own group and what is kept of its deleted resources."""
        group = self.plan.group_id.lower()
        kept = [self.plan.deleted_id(kind).lower() for kind in ("account", "gateway")]
        inside = path.lower() == group or path.lower().startswith(f"{group}/")
        if ".." in path or not (inside or path.lower() in kept):
            raise ForeignError(f"{path} is not of this run, which may change {group} only")

    def list(self, path: str, version: str) -> list[dict[str, Any]]:
        """Return every item of a list.

        Raises:
            NoAnswerError: Azure refuses, or cannot be reached.
        """
        found: list[dict[str, Any]] = []
        answer = self.send("GET", path, version)
        while True:
            if answer.status_code >= FAILED:
                raise NoAnswerError(f"GET {path}: {status_and_code(answer)}")
            page = answer.json()
            found += page.get("value") or []
            link = str(page.get("nextLink") or "")
            if not link.startswith(f"{ENDPOINT}/"):
                return found
            url = httpx.URL(link)
            answer = self.send("GET", url.path, **dict(url.params))

    def is_there(self, path: str, version: str) -> bool:
        """Tell whether a resource exists; one that cannot be read counts as existing."""
        return self.send("GET", path, version).status_code != NOT_FOUND

    def remove(self, path: str, version: str, **query: str) -> str:
        """Delete a resource, and wait: return `deleted`, `not there`, or why it still exists."""
        waited = 0.0
        answer = self.send("DELETE", path, version, **query)
        while answer.status_code == CONFLICT and waited < PATIENCE:  # something else is under way
            self.sleep(PAUSE)
            waited += PAUSE
            answer = self.send("DELETE", path, version, **query)
        if answer.status_code in (NOT_FOUND, 204):
            return "not there"
        if answer.status_code >= FAILED:
            return status_and_code(answer)
        while self.is_there(path, version):
            if waited >= PATIENCE:
                return "still there"
            self.sleep(PAUSE)
            waited += PAUSE
        return "deleted"


def status_and_code(answer: httpx.Response) -> str:
    """Return a refusal's status and code, which can be compared."""
    try:
        error = answer.json().get("error") or {}
        code = str(error.get("code") or "")
    except (ValueError, AttributeError):
        code = ""
    return f"{answer.status_code} {code}".strip()
