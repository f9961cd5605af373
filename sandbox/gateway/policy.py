"""Run the deployed policy documents; a statement or attribute not in STATEMENTS is an error.

https://learn.microsoft.com/azure/api-management/api-management-policies has each statement.

Sure: documented.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from http.client import responses
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

from sandbox import clock, named_values
from sandbox.cloud import Cloud, Resource
from sandbox.csharp import EXPRESSION
from sandbox.errors import NotModelledError
from sandbox.gateway import backends, expressions, limits, tokens
from sandbox.gateway.backends import workspace
from sandbox.gateway.call import Call, GatewayError, ReturnedError
from sandbox.gateway.fields import set_field
from sandbox.gateway.values import ThrownError, held
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.identity import mint
from sandbox.policy_text import as_xml

DEFAULT = fromstring("<policies><backend><forward-request/></backend></policies>")
"""What a new service does: https://learn.microsoft.com/azure/api-management/set-edit-policies"""
AUTHENTICATE = "authentication-managed-identity"
REQUEST_PARTS = {"set-url", "set-method", "set-header", "set-body", AUTHENTICATE}
HOP_BY_HOP = "connection|content-length|host|keep-alive|proxy-.*|te|trailer|transfer-.*|upgrade"
"""https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and what each sender states anew."""

DEFAULT_TIMEOUT, SHORTEST_TIMEOUT = 300, 60
"""Seconds for which `forward-request` waits for the first byte unless told otherwise, and those in
which every modelled answer has begun.

https://learn.microsoft.com/azure/api-management/forward-request-policy
"""


class Policies:
    """The policies in force for one call, from the innermost scope to all APIs."""

    def __init__(self, cloud: Cloud, call: Call, send: Endpoint, *, raises: bool = False) -> None:
        self.cloud, self.call, self.send, self.raises = cloud, call, send, raises
        folder = workspace(cloud, call)
        scopes = [s for s in (call.operation, call.api, call.product, folder, call.service) if s]
        found = [cloud.get(f"{scope.id}/policies/policy") for scope in scopes]
        self.documents = [*(fromstring(self.text(one)) for one in found if one), DEFAULT]

    def text(self, policy: Resource) -> str:
        """Return a policy as XML, with the named values in place.

        https://learn.microsoft.com/azure/api-management/api-management-howto-properties
        """
        written = as_xml(policy.properties["value"], policy.properties.get("format", "xml"))
        values = dict[str, str]()
        for name in named_values.names(written):
            value = named_values.find(self.cloud, policy.id, name)
            if value is None:
                raise NotModelledError(f"the sandbox's gateway has no named value {name}")
            values[name.lower()] = escape(str(value.properties["value"]), {'"': "&quot;"})
        return named_values.fill(written, values)

    def run(self, section: str, depth: int = 0) -> None:
        """One section of the document at `depth`; where it has none, the next scope's."""
        if depth == len(self.documents):
            return
        found = self.documents[depth].find(section)
        for statement in [Element("base")] if found is None else found:
            if statement.tag == "base":
                self.run(section, depth + 1)
            else:
                self.execute(statement)

    def execute(self, statement: Element) -> None:
        """One statement, if it and its attributes are known."""
        known, action = STATEMENTS.get(statement.tag, ("", None))
        unknown = " ".join(set(statement.attrib) - set(known.split()))
        if action is None or unknown:
            text = f"policy statement {statement.tag} {unknown}".strip()
            raise NotModelledError(f"the sandbox's gateway does not run the {text}")
        texts = [statement.text or "", *(part.text or "" for part in statement)]
        values = [*statement.attrib.values(), *texts]
        if statement.tag not in EVALUATED and any(map(EXPRESSION.match, values)):
            text = f"a policy expression in {statement.tag}"
            raise NotModelledError(f"the sandbox's gateway does not evaluate {text}")
        action(self, statement)

    def value(self, statement: Element, text: str) -> Any:
        """A value as it is written, or what its expression gives; 500 for an exception of that.

        https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies
        """
        if not EXPRESSION.match(text):
            return text
        try:
            return expressions.evaluate(text, self.call)
        except ThrownError as error:
            said = f"Expression evaluation failed. {error}"
            reason = "ExpressionValueEvaluationFailure"
            raise GatewayError(500, statement.tag, reason, said) from None

    def choose(self, statement: Element) -> None:
        """The first `when` whose condition holds, else `otherwise`.

        https://learn.microsoft.com/azure/api-management/choose-policy
        """
        for branch in statement:
            if branch.tag == "otherwise" or self.holds(statement, branch.attrib["condition"]):
                for inner in branch:
                    self.execute(inner)
                return

    def holds(self, statement: Element, condition: str) -> bool:
        """Whether a condition is true: only a truth value can be."""
        found = self.value(statement, condition)
        if not isinstance(found, bool):
            raise NotModelledError(f"the sandbox's gateway knows no condition that is {found!r}")
        return found

    def set_variable(self, statement: Element) -> None:
        """A variable of the call gets a value.

        https://learn.microsoft.com/azure/api-management/set-variable-policy
        """
        found = self.value(statement, statement.attrib["value"])
        if type(found) not in (str, int):
            raise NotModelledError("the sandbox's gateway keeps variables of text and numbers only")
        self.call.variables[statement.attrib["name"]] = found

    def set_header(self, statement: Element) -> None:
        """Change the request, or the response once there is one."""
        call = self.call
        fields = (call.response if call.answered else call).headers
        set_field(statement, fields, lambda text: str(self.value(statement, text)))

    def set_body(self, statement: Element) -> None:
        """Give the request another body, sent as UTF-8; its length is stated anew.

        https://learn.microsoft.com/azure/api-management/set-body-policy

        Sure: inferred, as the page does not name the encoding of a text.
        """
        if self.call.sent or self.call.failure:
            raise NotModelledError("the sandbox's gateway sets the body of a request only")
        self.call.set = str(self.value(statement, (statement.text or "").strip())).encode()

    def return_response(self, statement: Element) -> None:
        """Answer the call at once: without a status it is 200.

        https://learn.microsoft.com/azure/api-management/return-response-policy
        """
        response = Response(200)
        for part in statement:
            if part.tag == "set-status":
                response.status = int(part.attrib["code"])
            elif part.tag == "set-header":
                set_field(part, response.headers)
            elif part.tag == "set-body":
                response.body = str(self.value(part, (part.text or "").strip())).encode()
            else:
                text = f"{part.tag} in {statement.tag}"
                raise NotModelledError(f"the sandbox's gateway does not run {text}")
        self.call.response = response
        raise ReturnedError

    def trace(self, statement: Element) -> None:
        """Keep a record for the log; one that names no severity is verbose.

        https://learn.microsoft.com/azure/api-management/trace-policy
        """
        message = statement.find("message")
        metadata = {
            str(self.value(statement, one.attrib["name"])): str(
                self.value(statement, one.attrib["value"])
            )
            for one in statement.findall("metadata")
        }
        text = str(message.text).strip() if message is not None else ""
        record = {"source": statement.attrib["source"], "message": self.value(statement, text)}
        level = statement.get("severity") or "verbose"
        self.call.traces.append({**record, "severity": level, "metadata": metadata})

    def authenticate(self, statement: Element) -> None:
        """Send a token of the service's own identity, for the audience as it is written."""
        self.authorize(statement, self.call.headers)

    def authorize(self, statement: Element, headers: Headers) -> None:
        """Put a token of the service's own identity into a request's headers.

        https://learn.microsoft.com/azure/api-management/authentication-managed-identity-policy
        """
        if workspace(self.cloud, self.call):
            raise NotModelledError("the sandbox's workspaces have no managed identity")
        principal = (self.call.service.body.get("identity") or {}).get("principalId")
        if principal:
            token, _ = mint(self.cloud, statement.attrib["resource"], principal)
            headers.delete("Authorization")
            headers.add("Authorization", f"Bearer {token}")
        elif statement.get("ignore-error") != "true":
            text = "The API Management service has no managed identity."
            raise GatewayError(500, statement.tag, "ManagedIdentityNotFound", text)

    def include(self, statement: Element) -> None:
        """Execute what a fragment holds, in the place of the statement that names it.

        https://learn.microsoft.com/azure/api-management/include-fragment-policy
        """
        name = statement.attrib["fragment-id"]
        for scope in (workspace(self.cloud, self.call), self.call.service):
            found = self.cloud.get(f"{scope.id}/policyFragments/{name}") if scope else None
            if found:
                for inner in fromstring(self.text(found)):
                    self.execute(inner)
                return
        raise NotModelledError(f"the sandbox's gateway has no policy fragment {name}")

    def set_backend(self, statement: Element) -> None:
        """Send the call to a URL, or to the URL of a backend.

        https://learn.microsoft.com/azure/api-management/set-backend-service-policy
        """
        call = self.call
        if "base-url" in statement.attrib:
            call.url, call.backend = str(self.value(statement, statement.attrib["base-url"])), None
        else:
            name = str(self.value(statement, statement.attrib["backend-id"]))
            call.backend = backends.named(self.cloud, call, name)

    def send_request(self, statement: Element) -> None:
        """Send a request beside the call: a new one, or a copy of it; one-way forgets the answer.

        https://learn.microsoft.com/azure/api-management/send-request-policy
        https://learn.microsoft.com/azure/api-management/send-one-way-request-policy
        """
        call, parts = self.call, {part.tag: part for part in statement}
        copied = statement.get("mode") == "copy"
        if unknown := parts.keys() - REQUEST_PARTS:
            text = f"{min(unknown)} in {statement.tag}"
            raise NotModelledError(f"the sandbox's gateway does not run {text}")
        headers = Headers(call.headers) if copied else Headers()
        for part in statement.findall("set-header"):
            set_field(part, headers)
        if AUTHENTICATE in parts:
            self.authorize(parts[AUTHENTICATE], headers)
        method = str(parts["set-method"].text) if "set-method" in parts else call.request.method
        body = str(parts["set-body"].text).encode() if "set-body" in parts else b""
        url = str(parts["set-url"].text).strip()
        sent = Request.to(method, url, headers, call.request.body if copied else body)
        if copied:
            sent.query.extend(call.query)
        with suppress(OSError):
            self.send(sent)

    def retry(self, statement: Element) -> None:
        """Run what is inside once, and again while the condition holds, `count` times at most.

        An attempt that fails without an answer is judged too; then there is no response to see, and
        its error is the last one.
        https://learn.microsoft.com/azure/api-management/retry-policy
        https://github.com/Azure-Samples/Apim-Samples/tree/main/samples/inference-failover (null)
        Sure: inferred, as the page does not speak of attempts without an answer, and that of errors
        speaks of the last one in on-error only.
        """
        interval, count = (
            int(self.value(statement, statement.attrib[name])) for name in ("interval", "count")
        )
        for attempt in range(count + 1):
            failure = None
            try:
                for inner in statement:
                    self.execute(inner)
            except GatewayError as error:
                failure = self.call.error = error
            again = self.holds(statement, statement.attrib["condition"])
            if not again or attempt == count:
                break
            self.call.whole()
            if attempt or statement.get("first-fast-retry") != "true":
                clock.spend(interval)
        if failure:
            raise failure

    def forward(self, statement: Element) -> None:
        """Send the call to its backend and take the response, its body still unread.

        A second attempt needs a request that is buffered, and a tier buffers so much, see `held`.
        https://learn.microsoft.com/azure/api-management/forward-request-policy
        """
        if int(statement.get("timeout") or DEFAULT_TIMEOUT) < SHORTEST_TIMEOUT:
            text = f"a forward-request whose timeout is below {SHORTEST_TIMEOUT} seconds"
            raise NotModelledError(f"the sandbox's gateway never gives up: it does not run {text}")
        call, started, body = self.call, clock.now(), self.call.content()
        if call.sent and body and statement.get("buffer-request-body") != "true":
            text = "a second forward-request of a body that is not buffered"
            raise NotModelledError(f"the sandbox's gateway does not run {text}")
        if statement.get("buffer-request-body") == "true":
            held(call, body)
        call.answered, member = False, None
        if call.backend:
            member = backends.able(self.cloud, call, call.backend)
            if member is None:
                return self.unavailable(statement, call.backend)
            call.url = str(member.properties["url"])
        headers = Headers(f for f in call.headers if not re.fullmatch(HOP_BY_HOP, f[0].lower()))
        url = call.url.rstrip("/") + call.rest
        call.sent, call.member = Request.to(call.request.method, url, headers, body), member
        call.sent.query.extend(call.query)
        try:
            reply = call.reply = self.send(call.sent)
        except OSError as error:
            late = isinstance(error, TimeoutError)
            reason = "Timeout" if late else "BackendConnectionFailure"
            call.reply = None
            if member:
                call.breakers.failed(member, reason)
            raise GatewayError(500, statement.tag, reason, str(error)) from error
        finally:
            call.backend_seconds += clock.now() - started
        if member:
            call.breakers.answered(member, reply.status, reply.headers.get("Retry-After"))
        call.response = Response(reply.status, Headers(reply.headers), reply.body)
        call.reason = responses.get(reply.status, "")
        if isinstance(reply.body, bytes) and "Content-Length" not in call.response.headers:
            # What a server states of an answer in one piece, as the network does here.
            call.response.headers.add("Content-Length", str(len(reply.body)))
        call.answered = True
        call.buffered = statement.get("buffer-response") != "false"
        return None

    def unavailable(self, statement: Element, backend: Resource) -> None:
        """Answer 503 where open breakers leave no backend, as an error or as a response.

        The page has the status; public policies look for it in `outbound`, in `on-error` and in
        the condition of a retry alike, and in the reason for the words `Backend pool` and `is
        temporarily unavailable`.
        https://learn.microsoft.com/azure/api-management/backends
        https://github.com/Azure-Samples/AI-Gateway/tree/main/labs/backend-pool-load-balancing
        Sure: inferred, as no page says which section comes next, so the seed decides: an odd one
        makes an error of it. The name of the error's reason is made up.
        """
        call = self.call
        kind = "Backend pool" if backend.properties.get("type") == "Pool" else "Backend"
        text = f"{kind} '{backend.name}' is temporarily unavailable."
        error = GatewayError(503, statement.tag, "BackendUnavailable", text, "Service Unavailable")
        if self.raises:
            raise error
        call.response, call.reason, call.answered = error.response, text, True


def evaluated(run: Policies, statement: Element) -> dict[str, str]:
    """Return a statement's attributes, with what their expressions give."""
    return {name: str(run.value(statement, text)) for name, text in statement.attrib.items()}


STATEMENTS: dict[str, tuple[str, Callable[[Policies, Element], None]]] = {
    "choose": ("", Policies.choose),
    "set-body": ("", Policies.set_body),
    "set-header": ("name exists-action", Policies.set_header),
    "set-variable": ("name value", Policies.set_variable),
    "set-query-parameter": ("name exists-action", lambda run, s: set_field(s, run.call.query)),
    "include-fragment": ("fragment-id", Policies.include),
    "set-backend-service": ("base-url backend-id", Policies.set_backend),
    "return-response": ("", Policies.return_response),
    "send-request": ("mode response-variable-name timeout ignore-error", Policies.send_request),
    "send-one-way-request": ("mode timeout", Policies.send_request),
    "authentication-managed-identity": ("resource ignore-error", Policies.authenticate),
    "rate-limit-by-key": (
        limits.OF_CALLS,
        lambda run, s: limits.limit_calls(run.call, evaluated(run, s)),
    ),
    "llm-token-limit": (
        limits.OF_TOKENS,
        lambda run, s: limits.limit_tokens(run.call, s.attrib, evaluated(run, s)),
    ),
    "retry": ("condition count interval first-fast-retry", Policies.retry),
    "trace": ("source severity", Policies.trace),
    "validate-jwt": (
        " ".join(tokens.ATTRIBUTES),
        lambda run, s: tokens.validate(run.call, s, run.send),
    ),
    "forward-request": ("timeout buffer-request-body buffer-response", Policies.forward),
}
EVALUATED = {
    *("choose", "llm-token-limit", "rate-limit-by-key", "retry", "return-response"),
    *("set-backend-service", "set-body", "set-header", "set-variable", "trace"),
}
"""Statements whose expressions are evaluated."""
