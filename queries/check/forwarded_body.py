"""What the gateway's policy makes of a body: streams tell their tokens, responses are not stored.

It says again what `stream-usage.xml` and `stored-responses.xml` in `policies/gateway/fragments` do,
in another language, so that the check notices if the gateway does something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from queries.outputs import Target

OPTION = b'"stream_options":{"include_usage":true},'
NOT_STORED = b'"store":false,'
_START = re.compile(rb"[ \t\r\n]*\{")
_OPTIONS = rb'"stream_options"[ \t\r\n]*:[ \t\r\n]*'
_EMPTY = re.compile(_OPTIONS + rb"(null|\{[ \t\r\n]*\}|\{)")
_NAMED = re.compile(_OPTIONS + rb'\{[^{}]*"include_usage"[ \t\r\n]*:[ \t\r\n]*(false|null)')


def expected(request: bytes, kind: str, target: Target) -> bytes:
    """Return the body that the account gets of one that the check sent as a call of that kind."""
    body = json.loads(request)
    if kind != "stream" or target.stream_usage != "ensure" or "stream_options" in body:
        return request
    return _with(OPTION, request)


def possible(request: bytes, target: Target) -> Iterator[bytes]:
    """Yield bodies that the account may get of one of others, of which only the start is known."""
    yield request
    if target.stored_responses == "refuse":
        yield _with(NOT_STORED, request)
    if target.stream_usage != "ensure":
        return
    yield _with(OPTION, request)
    if found := _NAMED.search(request):
        yield _put(request, found, b"true")
    elif found := _EMPTY.search(request):
        more = b"," if found[1] == b"{" else b"}"
        yield _put(request, found, b'{"include_usage":true' + more)


def _with(key: bytes, request: bytes) -> bytes:
    start = _START.match(request)
    return request[: start.end()] + key + request[start.end() :] if start else request


def _put(request: bytes, found: re.Match[bytes], text: bytes) -> bytes:
    return request[: found.start(1)] + text + request[found.end(1) :]
