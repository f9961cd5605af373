"""Where a call can end: the account, whatever name of it is used, or elsewhere."""

from __future__ import annotations

import html
import re
import socket
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from queries import contract
from queries.check.configuration.base import inside, last, properties
from queries.check.gateway.effective import Effective, Statement, UnclearError
from queries.check.gateway.model import Json, Scope
from queries.check.gateway.statements import (
    BACKEND,
    BACKEND_ATTRIBUTES,
    CALLS,
    HEADER,
    SEND,
)
from queries.check.masked import masked
from queries.outputs import Target

ZONE = re.compile(
    r"(privatelink\.)?(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)", re.IGNORECASE
)
"""What follows an account's subdomain in each of its names, in every cloud.

https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
"""
REGIONAL = re.compile(r"(?P<region>\w+)\.api\.cognitive\.(microsoft\.com|azure\.us|azure\.cn)")
"""A region's own name, which takes keys only.

https://learn.microsoft.com/azure/ai-services/authentication
"""
CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
"""Text in XML in which no character has a meaning of its own."""
NUMBERS = re.compile(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+)){0,3}")
"""An IPv4 address, of which .NET takes any number of parts, also octal and hexadecimal.

https://learn.microsoft.com/dotnet/api/system.uri
"""
SCHEMES = frozenset({"http", "https", "ws", "wss"})
DOTS = re.compile("[\u3002\uff0e\uff61]")
"""What counts as a dot in a host's name: https://www.rfc-editor.org/rfc/rfc3490#section-3.1"""
DEEPEST = 3
"""Pools within pools that are followed; Azure takes none."""


@dataclass(frozen=True)
class End:
    """One URL to which a statement, or the API itself, leads a call."""

    url: str
    place: str
    statement: str
    """Name of the statement; "" for the API's own URL."""
    extra: bool = False
    """Whether the call goes there beside its own way, not instead."""
    maybe: str = ""
    """Why it is not understood whether the call goes there, as to one of several."""


@dataclass(frozen=True)
class Unclear:
    """A statement whose target is not understood."""

    place: str
    statement: str
    reason: str

    def __str__(self) -> str:
        return f"{self.statement} in {self.place}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Account:
    """The names by which the account can be called."""

    hosts: frozenset[str]
    subdomains: frozenset[str]
    region: str
    """The account's region if its keys are on, which the region's name needs; else ""."""
    path: str
    """Path of the URL at which the gateway calls the account."""
    private: bool
    """Whether it has private endpoints, or may have, as nothing could be read of it."""

    @classmethod
    def of(cls, declared: contract.Account[str], deployed: Json | None) -> Account:
        """Gather the names from the stack's output, and from the account as Azure shows it."""
        found = properties(deployed)
        urls = [declared.endpoint, declared.backend_url, found.get("endpoint")]
        endpoints = found.get("endpoints")
        urls += list(endpoints.values()) if isinstance(endpoints, dict) else []
        hosts = {host_of(str(url)) for url in urls if url}
        own = {host for host in hosts if not REGIONAL.fullmatch(host)}
        names = {host.partition(".")[0] for host in own if ZONE.fullmatch(host.partition(".")[2])}
        if found.get("customSubDomainName"):
            names.add(str(found["customSubDomainName"]).lower())
        keys = deployed is None or not found.get("disableLocalAuth")
        region = re.sub(r"\W", "", str(inside(deployed, "location") or "")).lower()
        path = urlsplit(declared.backend_url).path.rstrip("/")
        return cls(
            hosts=frozenset(own - {""}),
            subdomains=frozenset(names),
            region=region if keys else "",
            path=path,
            private=deployed is None or bool(found.get("privateEndpointConnections")),
        )

    def has(self, url: str) -> bool:
        """Tell whether a URL leads to the account."""
        host = host_of(url)
        name, _, zone = host.partition(".")
        regional = REGIONAL.fullmatch(host)
        if regional:
            return bool(self.region) and regional["region"] == self.region
        return host in self.hosts or (name in self.subdomains and bool(ZONE.fullmatch(zone)))

    def may_have(self, url: str) -> str:
        """Say why a URL may lead to the account though it names another host; "" if it cannot.

        The account's private endpoint has an address of its own.
        https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
        """
        host = host_of(url)
        if not host or "@(" in url or "@{" in url:
            return "its URL names no host that can be read"
        if not self.private or _is_global(host) is not False:
            return ""
        return f"the address {host} is private, and may be that of the account's private endpoint"

    def called_as_declared(self, url: str) -> bool:
        """Tell whether a URL is that of the stack's own calls, by any name of the account.

        By http the gateway would send its token in clear.
        """
        parts = _parts(url)
        secure = parts.scheme.lower() == "https"
        return secure and self.has(url) and parts.path.rstrip("/") == self.path


@dataclass(frozen=True)
class Accounts:
    """The accounts behind the API: what is true of one of them is true of all together."""

    every: tuple[Account, ...]

    @classmethod
    def of(cls, target: Target, deployed: Sequence[Json | None] = ()) -> Accounts:
        """Gather the names of each account of the stack; `deployed` has what Azure shows of it."""
        shown = deployed or [None] * len(target.every_account)
        return cls(tuple(map(Account.of, target.every_account, shown)))

    def has(self, url: str) -> bool:
        """Tell whether a URL leads to an account."""
        return any(one.has(url) for one in self.every)

    def may_have(self, url: str) -> str:
        """Say why a URL may lead to an account; "" if it cannot."""
        return next(filter(None, (one.may_have(url) for one in self.every)), "")

    def called_as_declared(self, url: str) -> bool:
        """Tell whether a URL is that of the stack's own calls to one of the accounts, or nobody's.

        Nobody stands before several accounts where the check has a call go on to the next.
        """
        nobody = len(self.every) > 1 and url == contract.NOBODY_URL
        return nobody or any(one.called_as_declared(url) for one in self.every)


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; "" where it has none."""
    found = unquote(_parts(url).hostname or "")
    host = DOTS.sub(".", unicodedata.normalize("NFKC", found)).rstrip(".").lower()
    return "" if host in SCHEMES else host


def _is_global(host: str) -> bool | None:
    """Tell whether a host is an address that anybody reaches; None if it is a name."""
    try:
        if NUMBERS.fullmatch(host):
            return ip_address(socket.inet_aton(host)).is_global
        return ip_address(host.partition("%")[0]).is_global
    except OSError:
        return False
    except ValueError:
        return None


def _parts(url: str) -> SplitResult:
    """Take a URL apart, of which the scheme may be missing; what is none has no parts."""
    plain = url.strip().replace("\\", "/")
    try:
        return urlsplit(plain if "://" in plain else f"https://{plain.lstrip('/')}")
    except ValueError:
        return urlsplit("")


def _text(way: Effective, value: str) -> str:
    """Return what a text or an attribute of a policy says.

    Raises:
        UnclearError: an expression decides, or a named value that cannot be read.
    """
    return way.text(html.unescape(CDATA.sub(r"\1", value)).strip())


def ends(
    way: Effective, service_url: Any, statements: Sequence[Statement]
) -> Iterator[End | Unclear]:
    """Yield every place at which a call can end, and each that is not understood.

    `statements` are those of the way: of several that set its backend, the last that no condition
    stands around replaces what was set before.
    """
    main = list(_urls(way, str(service_url or ""), "the API's own settings", "serviceUrl"))
    for one in statements:
        if one.element.name == BACKEND:
            found = list(_set_backend(way, one))
            replaces = one.sure and one.section == "inbound"
            main = found if replaces else [*main, *found]
    yield from main
    for one in statements:
        name = one.element.name
        if name in SEND:
            yield from _sent(way, one, main)
        elif name in CALLS:
            backend = one.element.attributes.get(CALLS[name], "")
            yield from _backends(way, one, backend, extra=True)
        elif name == HEADER and _is_host(way, one):
            yield from _as_host(way, one)


def _is_host(way: Effective, one: Statement) -> bool:
    """Tell whether a statement sets the header `Host`, or any that an expression names."""
    try:
        return _text(way, one.element.attributes.get("name", "")).lower() == "host"
    except UnclearError:
        return True


def _as_host(way: Effective, one: Statement) -> Iterator[End]:
    """Yield the account's name where a policy sends it as `Host`, whatever the URL.

    A name that an expression makes leads nowhere by itself.
    """
    for child in one.element.children:
        with suppress(UnclearError):
            yield End(_text(way, child.text), one.place, HEADER, extra=True)


def _set_backend(way: Effective, one: Statement) -> Iterator[End | Unclear]:
    given = one.element.attributes
    if unknown := sorted(given.keys() - BACKEND_ATTRIBUTES):
        yield Unclear(one.place, BACKEND, f"the attribute {unknown[0]} is not known")
    if any(name.startswith("dapr") for name in given) or not given.keys() & {
        "base-url",
        "backend-id",
    }:
        yield Unclear(one.place, BACKEND, "it names no URL")
    if "base-url" in given:
        yield from _urls(way, given["base-url"], one.place, BACKEND)
    if "backend-id" in given:
        yield from _backends(way, one, given["backend-id"])
    elif "base-url" not in given:
        said = "what it leads to has no URL here, as a service of Dapr or Service Fabric"
        yield Unclear(one.place, BACKEND, said)


def _sent(way: Effective, one: Statement, main: list[End | Unclear]) -> Iterator[End | Unclear]:
    """Yield where a request of a statement's own goes; a copy without a URL goes where calls go.

    https://learn.microsoft.com/azure/api-management/send-request-policy
    """
    urls = [child.text.strip() for child in one.element.children if child.name == "set-url"]
    for url in urls:
        yield from _urls(way, url, one.place, one.element.name, extra=True)
    if urls:
        return
    if one.element.attributes.get("mode") != "copy":
        yield Unclear(one.place, one.element.name, "it names no URL")
        return
    for end in main:
        yield (
            replace(end, place=one.place, statement=one.element.name, extra=True)
            if isinstance(end, End)
            else end
        )


def _urls(
    way: Effective, value: str, place: str, statement: str, *, extra: bool = False
) -> Iterator[End | Unclear]:
    try:
        url = _text(way, value)
    except UnclearError as reason:
        yield Unclear(place, statement, str(reason))
        return
    if url:
        yield End(url, place, statement, extra)


def _backends(
    way: Effective, one: Statement, given: str, *, extra: bool = False
) -> Iterator[End | Unclear]:
    """Yield the URLs of a backend; of a name that is not understood, those of every backend."""
    try:
        names, reason = [_text(way, given)], ""
    except UnclearError as error:
        names = [name for scope in (way.scope, way.service) for name in scope.backends]
        reason = str(error)
        if not names:
            yield Unclear(one.place, one.element.name, f"{reason}, and no backend can be read")
    for name in dict.fromkeys(names):
        for end in _of_backend(way, name, one, 0):
            beside = extra or (isinstance(end, End) and end.extra)
            yield replace(end, extra=beside, maybe=reason) if isinstance(end, End) else end


def _of_backend(way: Effective, name: str, one: Statement, depth: int) -> Iterator[End | Unclear]:
    """Yield the URLs of one backend or pool, and the name that it sends as `Host`.

    https://learn.microsoft.com/azure/api-management/backends
    https://learn.microsoft.com/rest/api/apimanagement/backend/create-or-update#backendcredentialscontract
    """
    scopes: tuple[Scope, ...] = (way.scope, way.service)
    found = next((s.backends[name.lower()] for s in scopes if name.lower() in s.backends), None)
    place = f"backend {name} of {one.place}"
    if found is None or depth > DEEPEST:
        said = "it cannot be found" if found is None else "its pool lies in too many others"
        yield Unclear(place, one.element.name, said)
        return
    if found.get("url"):
        yield from _urls(way, str(found["url"]), place, one.element.name)
    for name_, values in (inside(found, "credentials", "header") or {}).items():
        for value in values if name_.lower() == "host" else ():
            yield from _urls(way, str(value), place, one.element.name, extra=True)
    for service in inside(found, "pool", "services") or []:
        yield from _of_backend(way, last(inside(service, "id")), one, depth + 1)
    if str(found.get("type") or "Single").lower() not in {"single", "pool"}:
        said = f"the backend's type {masked(str(found['type']))} is not known"
        yield Unclear(place, one.element.name, said)
