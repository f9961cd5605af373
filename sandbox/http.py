"""What a face of the sandbox takes and gives: one HTTP exchange, whatever server carries it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit


class Headers:
    """Header fields in the order sent; names compare without case."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = list(fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def get(self, name: str, default: str = "") -> str:
        """The values of `name`, joined by a comma."""
        found = [value for key, value in self._fields if key.lower() == name.lower()]
        return ",".join(found) if found else default

    def __contains__(self, name: str) -> bool:
        return any(key.lower() == name.lower() for key, _ in self._fields)

    def set(self, name: str, value: str) -> None:
        """Replace every field called `name` by one."""
        self.delete(name)
        self._fields.append((name, value))

    def add(self, name: str, value: str) -> None:
        """Append a field, keeping those of the same name."""
        self._fields.append((name, value))

    def delete(self, name: str) -> None:
        """Remove every field called `name`."""
        self._fields = [(key, value) for key, value in self._fields if key.lower() != name.lower()]

    def copy(self) -> Headers:
        """Another set of the same fields."""
        return Headers(self._fields)


@dataclass(frozen=True)
class Request:
    """One request as it reached the host named in `host`."""

    method: str
    host: str
    path: str
    query: list[tuple[str, str]]
    headers: Headers
    body: bytes
    client_ip: str = "127.0.0.1"

    @staticmethod
    def to(
        method: str, url: str, headers: Headers, body: bytes, client_ip: str = "127.0.0.1"
    ) -> Request:
        """A request for an absolute URL."""
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        host = parts.hostname or ""
        return Request(method, host, parts.path or "/", query, headers, body, client_ip)

    @property
    def url(self) -> str:
        """The absolute URL."""
        tail = "?" + urlencode(self.query) if self.query else ""
        return f"https://{self.host}{self.path}{tail}"


@dataclass
class Response:
    """One response; `body` is bytes, or an iterator of chunks that are sent as they come."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes | Iterator[bytes] = b""

    @staticmethod
    def json(status: int, value: Any, headers: Iterable[tuple[str, str]] = ()) -> Response:
        """A JSON response."""
        fields = Headers([("Content-Type", "application/json"), *headers])
        return Response(status, fields, json.dumps(value).encode())


Face = Callable[[Request], Response]
"""A host's behaviour. The network hands it every request whose host it answers for."""
