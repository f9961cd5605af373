"""One HTTP exchange with an endpoint of the sandbox, whatever server carries it."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

LOOPBACK = "127.0.0.1"


class Headers:
    """Header fields in the order sent; names compare without case."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = list(fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def get(self, name: str, default: str = "") -> str:
        """Return the values of `name`, joined by commas."""
        found = [value for key, value in self._fields if key.lower() == name.lower()]
        return ",".join(found) if found else default

    def __contains__(self, name: str) -> bool:
        return any(key.lower() == name.lower() for key, _ in self._fields)

    def add(self, name: str, value: str) -> None:
        """Append a field, keeping those of the same name."""
        self._fields.append((name, value))

    def extend(self, fields: Iterable[tuple[str, str]]) -> None:
        """Append fields, keeping those of the same names."""
        self._fields.extend(fields)

    def delete(self, name: str) -> None:
        """Remove every field called `name`."""
        self._fields = [(key, value) for key, value in self._fields if key.lower() != name.lower()]


@dataclass(frozen=True)
class Request:
    """One request as it reached the host named in `host`."""

    method: str
    host: str
    path: str
    query: list[tuple[str, str]]
    headers: Headers
    body: bytes
    client_ip: str = LOOPBACK
    networks: tuple[str, ...] = ()
    """Ids of the virtual networks in which the caller stands; none for the internet."""
    address: str = ""
    """Public address from which the caller is seen; "" for one that no rule names."""

    @classmethod
    def to(cls, method: str, url: str, headers: Headers, body: bytes, ip: str = LOOPBACK) -> Self:
        """Make a request for an absolute URL."""
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        return cls(method, parts.hostname or "", parts.path or "/", query, headers, body, ip)

    @property
    def url(self) -> str:
        """Return the absolute URL."""
        tail = "?" + urlencode(self.query) if self.query else ""
        return f"https://{self.host}{self.path}{tail}"


@dataclass
class Response:
    """One response; `body` is bytes, or an iterator of chunks that are sent as they come."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes | Iterator[bytes] = b""

    @classmethod
    def json(cls, status: int, value: Any) -> Self:
        """Make a JSON response."""
        fields = Headers([("Content-Type", "application/json")])
        return cls(status, fields, json.dumps(value).encode())


Endpoint = Callable[[Request], Response]
"""A host's behaviour: the network passes it every request for its hosts."""
