"""Runs the deployed policy documents; a statement or attribute not in STATEMENTS is an error.

https://learn.microsoft.com/azure/api-management/api-management-policies has each statement.

Sure: documented.
"""

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from sandbox import clock
from sandbox.cloud import Cloud
from sandbox.errors import NotModelledError
from sandbox.gateway.call import Call, GatewayError
from sandbox.http import Face, Headers, Request, Response
from sandbox.identity import mint

DEFAULT = fromstring("<policies><backend><forward-request/></backend></policies>")
"""What a new service does: https://learn.microsoft.com/azure/api-management/set-edit-policies"""
HOP_BY_HOP = "connection|content-length|host|keep-alive|proxy-.*|te|trailer|transfer-.*|upgrade"
"""https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and what each sender states anew."""


class Policies:
    """The policies in force for one call, from the innermost scope to all APIs."""

    def __init__(self, cloud: Cloud, call: Call, send: Face) -> None:
        self.cloud, self.call, self.send = cloud, call, send
        scopes = [s for s in (call.operation, call.api, call.product, call.service) if s]
        found = [cloud.get(f"{scope.id}/policies/policy") for scope in scopes]
        self.documents = [*(fromstring(p.properties["value"]) for p in found if p), DEFAULT]

    def run(self, section: str, depth: int = 0) -> None:
        """One section of the document at `depth`; where it has none, the next scope's."""
        if depth == len(self.documents):
            return
        found = self.documents[depth].find(section)
        for statement in [Element("base")] if found is None else found:
            known, action = STATEMENTS.get(statement.tag, ("", None))
            unknown = " ".join(set(statement.attrib) - set(known.split()))
            values = [*statement.attrib.values(), *(part.text or "" for part in statement)]
            if statement.tag == "base":
                self.run(section, depth + 1)
            elif action is None or unknown:
                text = f"policy statement {statement.tag} {unknown}".strip()
                raise NotModelledError(f"the sandbox's gateway does not run the {text}")
            elif any(re.match(r"(?s)\s*@|.*\{\{", value) for value in values):
                text = f"a policy expression or named value in {statement.tag}"
                raise NotModelledError(f"the sandbox's gateway does not evaluate {text}")
            else:
                action(self, statement)

    def set_header(self, statement: Element) -> None:
        """Change the request, or the response once there is one."""
        call = self.call
        set_field(statement, (call.response if call.reply or call.failure else call).headers)

    def authenticate(self, statement: Element) -> None:
        """Send a token of the service's own identity, for the audience as it is written."""
        principal = (self.call.service.body.get("identity") or {}).get("principalId")
        if principal:
            token, _ = mint(self.cloud, statement.attrib["resource"], principal)
            self.call.headers.delete("Authorization")
            self.call.headers.add("Authorization", f"Bearer {token}")
        elif statement.get("ignore-error") != "true":
            text = "The API Management service has no managed identity."
            raise GatewayError(500, statement.tag, "ManagedIdentityNotFound", text)

    def forward(self, statement: Element) -> None:
        """Send the call to its backend and take the response, its body still unread."""
        call, started = self.call, clock.now()
        url, body = call.url.rstrip("/") + call.rest, call.request.body
        headers = Headers(f for f in call.headers if not re.fullmatch(HOP_BY_HOP, f[0].lower()))
        call.sent = Request.to(call.request.method, url, headers, body)
        call.sent.query.extend(call.query)
        try:
            reply = call.reply = self.send(call.sent)
        except OSError as error:
            reason = "BackendConnectionFailure"
            raise GatewayError(500, statement.tag, reason, str(error)) from error
        finally:
            call.backend_seconds = clock.now() - started
        call.response = Response(reply.status, Headers(reply.headers), reply.body)


def set_field(statement: Element, fields: Headers) -> None:
    """Do what a `set-…` statement says: override, skip, append or delete."""
    name, action = statement.attrib["name"], statement.get("exists-action", "override")
    if action == "skip" and name in fields:
        return
    if action != "append":
        fields.delete(name)
    for value in [] if action == "delete" else statement.findall("value"):
        fields.add(name, (value.text or "").strip())


STATEMENTS: dict[str, tuple[str, Callable[[Policies, Element], None]]] = {
    "set-header": ("name exists-action", Policies.set_header),
    "set-query-parameter": ("name exists-action", lambda run, s: set_field(s, run.call.query)),
    "set-backend-service": ("base-url", lambda run, s: setattr(run.call, "url", s.get("base-url"))),
    "authentication-managed-identity": ("resource ignore-error", Policies.authenticate),
    "forward-request": ("timeout buffer-response", Policies.forward),
}
