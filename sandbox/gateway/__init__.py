"""API Management's data plane: routes, authorises, runs the deployed policies, answers, logs."""

import random
from collections.abc import Iterator
from contextlib import suppress

from sandbox import clock
from sandbox.cloud import Cloud
from sandbox.gateway import doors, tracing
from sandbox.gateway.breakers import Breakers
from sandbox.gateway.call import Call, GatewayError, ReturnedError
from sandbox.gateway.counters import Limits
from sandbox.gateway.limits import settle, tell
from sandbox.gateway.logs import holds_back, record
from sandbox.gateway.policy import Policies
from sandbox.gateway.routing import authorize, match
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.logs import Telemetry
from sandbox.options import Options

OWN_SECONDS = 0.004
"""Simulated seconds that the gateway itself takes: for a few statements, without a call."""

BUFFER = 8 * 1024


def gateway_endpoint(
    cloud: Cloud, options: Options, telemetry: Telemetry, send: Endpoint
) -> Endpoint:
    """Every `<service>.azure-api.net` answers by its deployed API and policies.

    Raises NotModelledError, see `policy`. Streams pass at once, unless `holds_back` delays them.
    https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
    Sure: inferred, as the page says that logging may buffer them, and not for how long.
    """
    sampler = random.Random(options.seed)  # noqa: S311 - a repeatable choice
    breakers, limits = Breakers(), Limits()

    def endpoint(request: Request) -> Response:
        service = doors.service_of(cloud, request)
        query, headers = Headers(request.query), Headers(request.headers)
        call = Call(service, request, query, headers, breakers, limits)
        return doors.refusal(cloud, service, request) or answer(call)

    def answer(call: Call) -> Response:
        clock.spend(OWN_SECONDS)
        _run(cloud, options, call, doors.leaving(call.service, send))
        if not isinstance(call.response.body, bytes) and holds_back(cloud, options, call):
            call.whole()
        response, body = call.response, call.response.body
        response.headers.extend(call.about_trace)
        if not isinstance(body, bytes):
            tell(call)
            return Response(response.status, response.headers, stream(call, body))
        call.body.extend(body)
        settle(call)
        tell(call)
        record(cloud, telemetry, sampler, call, options.seed)
        return response

    def stream(call: Call, parts: Iterator[bytes]) -> Iterator[bytes]:
        """Pass the parts on; record the call at the end, or when the caller leaves."""
        began = clock.now()
        try:
            for part in _gathered(parts) if call.buffered else parts:
                call.body.extend(part)
                yield part
        except GeneratorExit:
            call.left = True
            raise
        finally:
            call.backend_seconds += clock.now() - began
            settle(call)
            record(cloud, telemetry, sampler, call, options.seed)

    return endpoint


def _run(cloud: Cloud, options: Options, call: Call, send: Endpoint) -> None:
    """Run every section, from the first failure on `on-error`, and none after a response."""
    raises = options.seed % 2 == 1
    with suppress(ReturnedError):
        try:
            authorize(cloud, call, match(cloud, call))
            tracing.look(cloud, call)
            for section in ("inbound", "backend", "outbound"):
                Policies(cloud, call, send, raises=raises).run(section)
        except GatewayError as error:
            call.error = call.failure = error
            call.response, call.answered = error.response, True
            Policies(cloud, call, send).run("on-error")


def _gathered(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Unless told not to buffer, `forward-request` sends pieces of 8 KB and then the rest.

    https://learn.microsoft.com/azure/api-management/forward-request-policy
    """
    held = b""
    for part in parts:
        held += part
        if len(held) >= BUFFER:
            yield held
            held = b""
    if held:
        yield held
