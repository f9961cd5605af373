"""Marked calls to each deployment through the gateway, as a consumer makes them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpx

from queries.check import kinds, replies
from queries.check.answers import KEY_FIX, Refusal, clock_error, not_offered, refusal, unreachable
from queries.check.keys import VARIABLE
from queries.check.kinds import Json, Planned
from queries.check.records import Arrival, Failed, OwnCall, Usage
from queries.clock import Clock
from queries.outputs import Target

TIMEOUT = httpx.Timeout(180, connect=15)
HEARTBEAT = 60.0
"""Seconds between two lines that say the same."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
PREFIX = "proof-"
"""What every marker begins with."""
ENCODING = ("content-encoding", "content-length", "transfer-encoding")
"""Headers of how a body was sent, which its bytes, once read, are not any more."""
ACCOUNT_ID_HEADERS = ("apim-request-id", "x-request-id", "x-ms-request-id")


@dataclass(kw_only=True)
class Caller:
    """Calls deployments until they answer, or calling again is no use."""

    target: Target
    client: httpx.Client
    clock: Clock
    deadline: float
    """Value of `clock.elapsed()` after which to give up."""
    say: Callable[[str], None] = field(default=lambda _: None)
    run: str = field(default_factory=lambda: f"{PREFIX}{secrets.token_hex(8)}")
    """What the markers of this run begin with."""
    results: list[OwnCall | Failed] = field(default_factory=list)
    """How the calls of the newest round ended, as far as it has come."""
    left_out: dict[str, str] = field(default_factory=dict)
    """What no call is made of, by label, and why."""
    _round: int = 0
    _said: tuple[str, float] = ("", 0.0)

    def all(self) -> list[OwnCall | Failed]:
        """One call of each kind to each deployment, up to the first that it does not answer.

        A kind that a model does not know is left out.
        """
        self._round += 1
        self.results = results = list[OwnCall | Failed]()
        for planned in kinds.plan(self.target):
            if any(
                isinstance(r, Failed) and r.deployment == planned.deployment.name for r in results
            ):
                continue
            result = self.call(planned)
            if (
                planned.kind == "responses"
                and isinstance(result, Failed)
                and not_offered(result.cause)
            ):
                self.left_out[planned.label] = "the model does not offer it"
                self.say(f"{planned.label}: left out, the model does not offer it")
                continue
            if planned.kind == "long-completion" and self._short(result):
                self.say(f"{planned.label}: answered too short to be cut; calling once more")
                again = self.call(planned)
                result = again if isinstance(again, OwnCall) else result
            results.append(result)
            if isinstance(result, OwnCall):
                marked = f"{result.usage} tokens, marker {result.marker}"
                self.say(f"{planned.label}: answered, {marked}")
        return results

    def _short(self, result: OwnCall | Failed) -> bool:
        """A model may spend its tokens on thinking, or not write as much as it was asked to."""
        limit = self.target.body_bytes if self.target.response_bodies else 0
        return isinstance(result, OwnCall) and (not result.text or len(result.response) <= limit)

    def call(self, planned: Planned) -> OwnCall | Failed:
        """The answered call, or why there is none."""
        begun, wait = self.clock.elapsed(), FIRST_WAIT
        while True:
            marker = f"{self.run}-{secrets.token_hex(6)}"
            answer = self._once(planned, marker)
            if isinstance(answer, OwnCall):
                return answer
            cause = self.clean(answer.cause)
            pause = max(wait, answer.retry_after)
            end = min(begun + answer.patience, self.deadline)
            if self.clock.elapsed() + pause > end:
                name, fix = planned.deployment.name, answer.fix
                if fix == KEY_FIX and not self.target.consumer:
                    fix = f"the gateway refuses the key that {VARIABLE} holds: unset or renew it"
                return Failed(deployment=name, label=planned.label, cause=cause, fix=fix)
            self._repeat(f"{planned.label}: {cause}; calling again")
            self.clock.sleep(pause)
            wait = min(wait * 2, LONGEST_WAIT)

    def post(self, path: str, body: Json, key: str | None) -> httpx.Response:
        """One request, with a key or without any.

        Raises:
            httpx.RequestError: no answer.
        """
        return self._post(path, body, key)[0]

    def _post(self, path: str, body: Json, key: str | None) -> tuple[httpx.Response, Arrival]:
        """The answer, read part by part as it comes."""
        # A compressed body would be logged as it is sent.
        headers = {"Accept-Encoding": "identity"}
        if key is not None:
            headers[self.target.subscription_key_header] = key
        version = {} if path.startswith("/v1/") else {"api-version": self.target.api_version}
        url = f"{self.target.gateway_url.rstrip('/')}/{self.target.api_path}{path}"
        parts, times, begun = list[bytes](), list[float](), self.clock.elapsed()
        with self.client.stream(
            "POST", url, params=version, headers=headers, json=body, timeout=TIMEOUT
        ) as answer:
            for part in answer.iter_bytes():
                parts.append(part)
                times.append(self.clock.elapsed() - begun)
        whole = httpx.Response(
            answer.status_code,
            headers=[one for one in answer.headers.items() if one[0] not in ENCODING],
            content=b"".join(parts),
            request=answer.request,
        )
        return whole, Arrival.of(times)

    def _repeat(self, line: str) -> None:
        """The same words only once a minute."""
        before, when = self._said
        if line != before or self.clock.elapsed() - when >= HEARTBEAT:
            self.say(line)
            self._said = (line, self.clock.elapsed())

    def _once(self, planned: Planned, marker: str) -> OwnCall | Refusal:
        started = self.clock.now()
        body = kinds.request(planned, marker, self.target)
        key = self.target.key.get_secret_value()
        try:
            path = kinds.path_of(planned.kind, planned.deployment.name)
            response, arrival = self._post(path, body, key)
        except httpx.RequestError as error:
            return unreachable(error)
        refused = refusal(response)
        if refused:
            return refused
        skew = clock_error(response, self.clock.now())
        times = (started + skew, self.clock.now() + skew)
        try:
            call = self._call(planned, marker, response, times)
            return replace(call, arrival=arrival) if planned.kind == "stream" else call
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return Refusal(
                "HTTP 200, but not the answer of a model",
                "check that the policy's backend URL is the account's endpoint",
            )

    def _call(
        self,
        planned: Planned,
        marker: str,
        response: httpx.Response,
        times: tuple[datetime, datetime],
    ) -> OwnCall:
        answer = replies.read(planned.kind, response.content)
        ids = (response.headers.get(name) for name in ACCOUNT_ID_HEADERS)
        return OwnCall(
            deployment=planned.deployment.name,
            label=planned.label,
            kind=planned.kind,
            started=times[0],
            ended=times[1],
            round=self._round,
            marker=marker,
            response_id=answer.id,
            usage=Usage.of(answer.usage),
            answer=_words(answer.text),
            text=answer.text,
            request=response.request.content,
            response=response.content,
            account_ids=frozenset(one for one in ids if one),
        )

    def clean(self, text: str) -> str:
        """One printable line without the key, should a service ever repeat it."""
        line = "".join(character if character.isprintable() else " " for character in text)
        return line.replace(self.target.key.get_secret_value(), "***")


def _words(text: str) -> str:
    """The first plain words of the completion: text that no escaping changes."""
    found = re.search(r"[A-Za-z0-9][A-Za-z0-9 ]{0,30}", text)
    return found.group().strip() if found else ""
