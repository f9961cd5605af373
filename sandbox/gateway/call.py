"""One call on its way through the gateway, and how the gateway refuses it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox import clock
from sandbox.cloud import Resource
from sandbox.gateway.breakers import Breakers
from sandbox.gateway.counters import Limits, TokenLimit
from sandbox.http import Headers, Request, Response

Json = dict[str, Any]


class GatewayError(Exception):
    """The gateway ends the call itself; source and reason are what `LastError…` shows.

    https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies
    """

    def __init__(self, status: int, source: str, reason: str, text: str, answer: str = "") -> None:
        super().__init__(text)
        self.columns = {"LastErrorSource": source, "LastErrorReason": reason}
        body = {"statusCode": status, "message": answer or "Internal server error"}
        self.response = Response.json(status, body)


class ReturnedError(Exception):
    """A policy answers the call itself, and nothing after it runs.

    https://learn.microsoft.com/azure/api-management/return-response-policy
    """


class Claims(dict[str, list[str]]):
    """The claims of a token, each an array of texts."""


@dataclass(frozen=True)
class Jwt:
    """A token that `validate-jwt` has let pass."""

    claims: Claims


@dataclass
class Call:
    """What is known of one call so far; query, headers, url and rest are for the backend."""

    service: Resource
    request: Request
    query: Headers
    headers: Headers
    breakers: Breakers = field(default_factory=Breakers)
    limits: Limits = field(default_factory=Limits)
    met: list[TokenLimit] = field(default_factory=list)
    """Limits of tokens that policies have judged the call by."""
    counted: list[TokenLimit] = field(default_factory=list)
    """Those of them that have let the call through, and whose tokens are not yet counted."""
    told: dict[str, str] = field(default_factory=dict)
    """Response headers in which limits tell what is left."""
    url: str = ""
    backend: Resource | None = None
    """The backend that a policy has named: a pool, or one that is no pool."""
    member: Resource | None = None
    """The backend to which the call was sent last."""
    rest: str = ""
    id: str = field(default_factory=clock.guid)
    started: datetime = field(default_factory=clock.utc)
    api: Resource | None = None
    operation: Resource | None = None
    product: Resource | None = None
    subscription: Resource | None = None
    key: str = ""
    """The key that the caller has sent, if it is one of the subscription's."""
    keys: tuple[str, ...] = ()
    """The subscription's keys, the primary one first."""
    parameters: dict[str, str] = field(default_factory=dict)
    set: bytes | None = None
    """The request's body, if `set-body` has set it."""
    sent: Request | None = None
    reply: Response | None = None
    backend_seconds: float = 0.0
    variables: dict[str, str | int | Jwt] = field(default_factory=dict)
    """What `set-variable` has set, and `validate-jwt`."""
    traces: list[Json] = field(default_factory=list)
    """What `trace` has told, each with its severity."""
    buffered: bool = True
    """Whether parts of the response wait until they fill 8 KB, as `forward-request` decides."""
    response: Response = field(default_factory=lambda: Response(200))
    reason: str = ""
    """The words that stand beside the response's status."""
    traced: bool = False
    """Whether the caller has sent a token for tracing this API."""
    about_trace: Headers = field(default_factory=Headers)
    """What the gateway adds to the response of a call with a debug token."""
    answered: bool = False
    """Whether there is a response yet, so that policies see one."""
    body: bytearray = field(default_factory=bytearray)
    error: GatewayError | None = None
    """The last error, of an attempt that was followed by another too."""
    failure: GatewayError | None = None
    left: bool = False
    """Whether the caller hung up before the last part of the response."""

    def content(self) -> bytes:
        """Return the request's body as policies left it.

        Sure: no belief.
        """
        return self.request.body if self.set is None else self.set

    def whole(self) -> bytes:
        """Return the response's body, after a wait for all its parts, which are one part then.

        Sure: no belief.
        """
        body = self.response.body
        if not isinstance(body, bytes):
            began = clock.now()
            body = self.response.body = b"".join(body)
            self.backend_seconds += clock.now() - began
        return body
