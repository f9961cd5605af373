"""Marked calls to each deployment through the gateway, as each consumer makes them."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpx
from pydantic import SecretStr

from queries.check import brief_calls, forwarded_body, kinds, replies
from queries.check.answers import (
    KEY_FIX,
    Refusal,
    clock_error,
    not_offered,
    refusal,
    too_few_tokens,
    unreachable,
)
from queries.check.brief_calls import Depth, Pace
from queries.check.keys import VARIABLE, alone
from queries.check.kinds import PREFIX, Json, Planned
from queries.check.masked import without
from queries.check.records import NO_KEY, Arrival, Failed, OwnCall, Usage
from queries.check.words import counted
from queries.clock import Clock
from queries.contract import CHECK_HEADER, NO_PLAN
from queries.outputs import BEARER, Target

TIMEOUT = httpx.Timeout(180, connect=15)
HEARTBEAT = 60.0
"""Seconds between two lines that say the same."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
AT_ONCE = 6
"""Brief calls under way at a time: a busy minute of one team, not of a company."""
ENCODING = ("content-encoding", "content-length", "transfer-encoding")
"""Headers of how a body was sent, which its bytes, once read, are not any more."""
ACCOUNT_ID_HEADERS = ("apim-request-id", "x-request-id", "x-ms-request-id")
DEBUG_HEADER = "Apim-Debug-Authorization"
"""https://learn.microsoft.com/azure/api-management/api-management-howto-api-inspector"""
HALF, DELTA = 3, b'"delta"'
"""Parts of a stream after which a caller hangs up, and what the last of them holds: some text."""
BRIEF_WAIT = 20 * 60.0
"""Seconds that brief calls may take before the check makes do with those that were answered."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer, as they went over the network."""

    response: httpx.Response
    arrival: Arrival
    seconds: float
    connection: str
    peer: str


@dataclass(kw_only=True)
class Caller:
    """Calls deployments until they answer, or calling again is no use."""

    target: Target
    client: httpx.Client
    clock: Clock
    deadline: float
    """Value of `clock.elapsed()` after which to give up."""
    depth: Depth = "quick"
    at_once: int = AT_ONCE
    say: Callable[[str], None] = field(default=lambda _: None)
    run: str = field(default_factory=lambda: f"{PREFIX}{secrets.token_hex(8)}")
    """What the markers of this run begin with."""
    results: list[OwnCall | Failed] = field(default_factory=list)
    """How the calls of the newest round ended, as far as it has come."""
    left_out: dict[str, str] = field(default_factory=dict)
    """What no call is made of, by label, and why."""
    tracing: Callable[[], SecretStr] | None = None
    """Gets a token for tracing, where the check is asked to meet each account (`--failover`)."""
    token: SecretStr = NO_KEY
    """The token that the last calls to accounts by name were made with."""
    _round: int = 0
    _said: tuple[str, float] = ("", 0.0)
    _thinking: set[str] = field(default_factory=set)
    """Deployments whose model cannot answer in few tokens, as it thinks before it writes."""
    _full: set[tuple[str, str]] = field(default_factory=set)
    """Deployments that had no room for a brief call of this round, and of which consumer: "" of
    all that no plan limits.
    """
    _sent: set[str] = field(default_factory=set)
    """Keys and tokens that were sent: a consumer's token is another one once it has expired."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self, *, brief: bool = True) -> list[OwnCall | Failed]:
        """Make one call of each kind to each deployment, then the brief calls of the depth.

        A kind that a model does not know is left out, and so is what cannot be answered any more:
        calls to a deployment, or as a consumer, none of which was answered.
        """
        self._round += 1
        self.results = results = list[OwnCall | Failed]()
        self._full.clear()
        for planned in kinds.plan(self.target):
            if not _is_hopeless(planned, results):
                self._first(planned)
        if brief:
            self._many(brief_calls.plan(self.target, self.depth, self.clock.now().date()))
        return results

    def _first(self, planned: Planned) -> None:
        result = self.call(planned)
        if planned.kind == "responses" and isinstance(result, Failed) and not_offered(result.cause):
            self.left_out[planned.label] = "the model does not offer it"
            self.say(f"{planned.label}: left out, the model does not offer it")
            return
        if planned.kind == "long-completion" and self._short(result):
            self.say(f"{planned.label}: answered too short to be cut; calling once more")
            again = self.call(planned)
            result = again if isinstance(again, OwnCall) else result
        self.results.append(result)
        if isinstance(result, OwnCall):
            marked = f"{result.usage} tokens, marker {result.marker}"
            self.say(f"{planned.label}: answered, {marked}")

    def _many(self, planned: Sequence[Planned]) -> None:
        """Make brief calls, some at a time; an interrupt leaves those that are not begun."""
        wanted = [one for one in planned if self._is_offered(one)]
        if not wanted:
            return
        self.say(f"{counted(len(wanted), 'brief call')}, {self.at_once} at a time")
        begun, pace, before = self.clock.elapsed(), Pace(clock=self.clock), len(self.results)
        end = min(self.deadline, begun + BRIEF_WAIT)
        pool = ThreadPoolExecutor(self.at_once)
        try:
            for _ in pool.map(lambda one: self._brief(one, pace, end), wanted):
                pass
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        made = [one for one in self.results[before:] if isinstance(one, OwnCall)]
        tokens = sum(one.usage.total for one in made if one.usage)
        seconds = self.clock.elapsed() - begun
        said = f"{counted(len(made), 'brief call')} answered, {counted(tokens, 'token')}"
        self.say(f"{said}, {seconds:.1f} s")

    def _is_offered(self, planned: Planned) -> bool:
        """Tell whether the first calls did not show that the model lacks that kind of call."""
        begin = replace(planned, among=1).label
        return not any(label.partition(" as ")[0] == begin for label in self.left_out)

    def _brief(self, planned: Planned, pace: Pace, end: float) -> None:
        """Make one brief call, unless it is hopeless or its deployment has no room in time."""
        name = planned.deployment.name
        tokens = brief_calls.TOKENS + kinds.most_tokens(planned, thinks=name in self._thinking)
        plan, whose = self.target.plan_of(planned.consumer.name), planned.consumer.name
        if _is_hopeless(planned, self.results) or {(name, ""), (name, whose)} & self._full:
            return
        limited = plan != NO_PLAN
        if not pace.wait(planned, plan, tokens, end):
            self._full.add((name, whose if limited else ""))
            return
        result = self.call(planned)
        if isinstance(result, Failed) and result.throttled:
            self._full.add((name, whose if limited else ""))
            return
        self.results.append(result)

    def _short(self, result: OwnCall | Failed) -> bool:
        """Tell whether the model thought with its tokens, or wrote less than it was asked to."""
        limit = self.target.body_bytes if self.target.response_bodies else 0
        return isinstance(result, OwnCall) and (not result.text or len(result.response) <= limit)

    def marker(self) -> str:
        """Return a new random text that begins as all markers of this run do."""
        return f"{self.run}-{secrets.token_hex(6)}"

    def call(self, planned: Planned) -> OwnCall | Failed:
        """Make a call; return it answered, or why it is not."""
        begun, wait = self.clock.elapsed(), FIRST_WAIT
        while True:
            marker = self.marker()
            answer = self._once(planned, marker)
            if isinstance(answer, OwnCall):
                return answer
            if too_few_tokens(answer.cause) and planned.deployment.name not in self._thinking:
                self._thinking.add(planned.deployment.name)
                continue
            pause = max(wait, answer.retry_after)
            end = min(begun + answer.patience, self.deadline)
            if self.clock.elapsed() + pause > end:
                return self._failed(planned, answer)
            self._repeat(f"{planned.label}: {self.clean(answer.cause)}; calling again")
            self.clock.sleep(pause)
            wait = min(wait * 2, LONGEST_WAIT)

    def _failed(self, planned: Planned, answer: Refusal) -> Failed:
        fix = answer.fix
        if fix == KEY_FIX and alone():
            fix = f"the gateway refuses the key that {VARIABLE} holds: unset or renew it"
        return Failed(
            deployment=planned.deployment.name,
            label=planned.label,
            cause=self.clean(answer.cause),
            fix=fix,
            consumer=planned.consumer.name,
            throttled=answer.throttled,
        )

    def post(
        self,
        path: str,
        body: Json,
        key: str | None,
        more: Mapping[str, str] | None = None,
        *,
        mark: str = "",
    ) -> httpx.Response:
        """Send one request, with a key or without any, and with further headers.

        A mark stands in its URL.

        Raises:
            httpx.RequestError: no answer.
        """
        return self._send("POST", path, key, body, more, mark=mark).response

    def send(self, method: str, path: str, key: str | None, *, mark: str) -> httpx.Response:
        """Send a request without a body, marked in its URL.

        Raises:
            httpx.RequestError: no answer.
        """
        return self._send(method, path, key, mark=mark).response

    def _send(
        self,
        method: str,
        path: str,
        key: str | None,
        body: Json | None = None,
        more: Mapping[str, str] | None = None,
        *,
        half: bool = False,
        mark: str = "",
    ) -> Exchange:
        """Send a request, and read its answer part by part as it comes, or some parts only."""
        # A compressed body would be logged as it is sent.
        headers = {"Accept-Encoding": "identity", **(more or {})}
        if key is not None:
            self._sent.add(key.removeprefix(BEARER))
            token = key.startswith(BEARER)
            headers["Authorization" if token else self.target.subscription_key_header] = key
        dated = not path.startswith(kinds.V1_SURFACE)
        version = {"api-version": self.target.api_version} if dated else {}
        if mark:
            version["check"] = mark
        url = f"{self.target.gateway_url.rstrip('/')}/{self.target.api_path}{path}"
        parts, times, begun = list[bytes](), list[float](), self.clock.elapsed()
        with self.client.stream(
            method, url, params=version or None, headers=headers, json=body, timeout=TIMEOUT
        ) as answer:
            stream = answer.extensions.get("network_stream")
            here, there = (_address(stream, name) for name in ("client_addr", "server_addr"))
            for part in answer.iter_bytes():
                parts.append(part)
                times.append(self.clock.elapsed() - begun)
                if half and len(parts) >= HALF and DELTA in part:
                    break
        whole = httpx.Response(
            answer.status_code,
            headers=[one for one in answer.headers.items() if one[0] not in ENCODING],
            content=b"".join(parts),
            request=answer.request,
        )
        return Exchange(
            response=whole,
            arrival=Arrival.of(times),
            seconds=self.clock.elapsed() - begun,
            connection=" ".join(map(str, here)),
            peer=str(next(iter(there), "")),
        )

    def _repeat(self, line: str) -> None:
        """Say the same words only once a minute."""
        with self._lock:
            before, when = self._said
            if line != before or self.clock.elapsed() - when >= HEARTBEAT:
                self.say(line)
                self._said = (line, self.clock.elapsed())

    def _once(self, planned: Planned, marker: str) -> OwnCall | Refusal:
        started = self.clock.now()
        thinks = planned.deployment.name in self._thinking
        body = kinds.request(planned, marker, self.target, thinks=thinks)
        key = planned.consumer.sends()
        try:
            path = kinds.path_of(self.target, planned.kind, planned.deployment.name)
            naming = self._naming(planned)
            exchange = self._send("POST", path, key, body, naming, half=planned.hangs_up)
        except httpx.RequestError as error:
            return unreachable(error)
        refused = refusal(exchange.response)
        if refused:
            return refused
        skew = clock_error(exchange.response, self.clock.now())
        times = (started + skew, self.clock.now() + skew)
        try:
            return self._call(planned, marker, exchange, times)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return Refusal(
                "HTTP 200, but not the answer of a model",
                "check that the policy's backend URL is the account's endpoint",
            )

    def _naming(self, planned: Planned) -> dict[str, str]:
        """Return the headers by which a call names the account that it meets; else none."""
        if not planned.meets:
            return {}
        return {CHECK_HEADER: planned.meets, DEBUG_HEADER: self.token.get_secret_value()}

    def _call(
        self,
        planned: Planned,
        marker: str,
        exchange: Exchange,
        times: tuple[datetime, datetime],
    ) -> OwnCall:
        response, header = exchange.response, self.target.accounting_header
        answer = replies.read(planned.kind, response.content)
        ids = (response.headers.get(name) for name in ACCOUNT_ID_HEADERS)
        streamed = planned.kind == "stream"
        return OwnCall(
            deployment=planned.deployment.name,
            label=planned.label,
            kind=planned.kind,
            consumer=planned.consumer.name,
            started=times[0],
            ended=times[1],
            round=self._round,
            marker=marker,
            response_id=answer.id,
            usage=Usage.of(answer.usage) if answer.usage or not streamed else None,
            answer=_words(answer.text),
            text=answer.text,
            model=answer.model,
            request=response.request.content,
            forwarded=forwarded_body.expected(response.request.content, planned.kind, self.target),
            response=response.content,
            url=str(response.request.url),
            accounting=response.headers.get(header, "") if header else "",
            seconds=exchange.seconds,
            connection=exchange.connection,
            peer=exchange.peer,
            brief=planned.brief,
            meets=planned.meets,
            account_ids=frozenset(one for one in ids if one),
            arrival=exchange.arrival if streamed and not planned.brief else None,
        )

    def clean(self, text: str) -> str:
        """Make a text one printable line without any key, whole or cut, that a service repeats."""
        line = "".join(character if character.isprintable() else " " for character in text)
        wrong = self.target.wrong_tokens.values()
        sent = (SecretStr(one) for one in sorted(self._sent))
        keys = (one.key for one in (*self.target.callers, *self.target.over))
        for secret in (*keys, *wrong, *sent, self.token):
            line = without(line, secret.get_secret_value())
        return line


def _is_hopeless(planned: Planned, results: Sequence[OwnCall | Failed]) -> bool:
    """Tell whether a consumer's call failed there, or all of the deployment or consumer."""
    name, consumer = planned.deployment.name, planned.consumer.name
    pair = (name, consumer)
    if any(isinstance(one, Failed) and (one.deployment, one.consumer) == pair for one in results):
        return True
    of_deployment = [one for one in results if one.deployment == name]
    of_consumer = [one for one in results if one.consumer == consumer]
    return any(
        some and all(isinstance(one, Failed) for one in some)
        for some in (of_deployment, of_consumer)
    )


def _address(stream: object, name: str) -> tuple[object, ...]:
    """Return an address of the connection; none where the transport tells none."""
    info = getattr(stream, "get_extra_info", None)
    found = info(name) if info else None
    return tuple(found) if isinstance(found, tuple) else ()


def _words(text: str) -> str:
    """Return the first plain words of the completion: text that no escaping changes."""
    found = re.search(r"[A-Za-z0-9][A-Za-z0-9 ]{0,30}", text)
    return found.group().strip() if found else ""
