"""One marked call to each deployment through the gateway, as a consumer makes it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from queries.check.answers import Refusal, lost, refusal
from queries.check.clock import Clock
from queries.check.evidence import Call, Usage
from queries.check.outputs import Deployment, Target

TIMEOUT = httpx.Timeout(180, connect=15)
COMPLETION_TOKENS = 256
"""Enough for a reasoning model to come to an answer, and little money."""
EMBEDDING_DIMENSIONS = 8
"""Keeps the response below the bytes that the gateway logs; third-generation models take it."""
HEARTBEAT = 60.0
"""Seconds between two lines that say the same."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
CLOCK_ERROR = timedelta(seconds=5)
"""Difference from the service's `Date` (whole seconds) above which this machine's clock is off."""
PATHS = {"chat": "chat/completions", "completions": "completions", "embeddings": "embeddings"}
ACCOUNT_ID_HEADERS = ("apim-request-id", "x-request-id", "x-ms-request-id")


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A deployment that did not answer."""

    deployment: str
    cause: str
    fix: str


@dataclass(kw_only=True)
class Caller:
    """Calls deployments until they answer, or calling again is no use."""

    target: Target
    client: httpx.Client
    clock: Clock
    deadline: float
    """Value of `clock.elapsed()` after which to give up."""
    say: Callable[[str], None] = field(default=lambda _: None)
    run: str = field(default_factory=lambda: f"proof-{secrets.token_hex(8)}")
    """What the markers of this run begin with."""
    _round: int = 0
    _said: tuple[str, float] = ("", 0.0)

    def all(self) -> list[Call | Failed]:
        """One call to each deployment."""
        self._round += 1
        results = [self.call(deployment) for deployment in self.target.deployments]
        for call in results:
            if isinstance(call, Call):
                self.say(f"{call.deployment}: answered, {call.usage} tokens, marker {call.marker}")
        return results

    def call(self, deployment: Deployment) -> Call | Failed:
        """The answered call, or why there is none."""
        begun, wait = self.clock.elapsed(), FIRST_WAIT
        while True:
            marker = f"{self.run}-{secrets.token_hex(6)}"
            answer = self._once(deployment, marker)
            if isinstance(answer, Call):
                return answer
            cause = self._clean(answer.cause)
            pause = max(wait, answer.retry_after)
            end = min(begun + answer.patience, self.deadline)
            if self.clock.elapsed() + pause > end:
                return Failed(deployment=deployment.name, cause=cause, fix=answer.fix)
            self._repeat(f"{deployment.name}: {cause}; calling again")
            self.clock.sleep(pause)
            wait = min(wait * 2, LONGEST_WAIT)

    def _repeat(self, line: str) -> None:
        """The same words only once a minute."""
        before, when = self._said
        if line != before or self.clock.elapsed() - when >= HEARTBEAT:
            self.say(line)
            self._said = (line, self.clock.elapsed())

    def _once(self, deployment: Deployment, marker: str) -> Call | Refusal:
        started = self.clock.now()
        try:
            response = self.client.post(
                self._url(deployment),
                params={"api-version": self.target.api_version},
                headers={
                    self.target.subscription_key_header: self.target.key.get_secret_value(),
                    # A compressed body would be logged as it is sent.
                    "Accept-Encoding": "identity",
                },
                json=_request(deployment, marker),
                timeout=TIMEOUT,
            )
        except httpx.RequestError as error:
            return lost(error)
        refused = refusal(response)
        if refused:
            return refused
        skew = _skew(response, self.clock.now())
        times = (started + skew, self.clock.now() + skew)
        try:
            return _call(deployment, marker, response, times, self._round)
        except (ValueError, KeyError, TypeError, AttributeError):
            return Refusal(
                "HTTP 200, but not the answer of a model",
                "check that the policy's backend URL is the account's endpoint",
            )

    def _url(self, deployment: Deployment) -> str:
        base = f"{self.target.gateway_url.rstrip('/')}/{self.target.api_path}"
        return f"{base}/deployments/{deployment.name}/{PATHS[deployment.kind]}"

    def _clean(self, text: str) -> str:
        """One printable line without the key, should a service ever repeat it."""
        line = "".join(character if character.isprintable() else " " for character in text)
        return line.replace(self.target.key.get_secret_value(), "***")


def _request(deployment: Deployment, marker: str) -> dict[str, Any]:
    if deployment.kind == "embeddings":
        small = deployment.model.startswith("text-embedding-3")
        return {"input": marker, **({"dimensions": EMBEDDING_DIMENSIONS} if small else {})}
    prompt = f"{marker} Answer with one short sentence."
    if deployment.kind == "completions":
        return {"prompt": prompt, "max_tokens": COMPLETION_TOKENS}
    return {
        "messages": [{"role": "user", "content": prompt}],
        "max_completion_tokens": COMPLETION_TOKENS,
    }


def _call(
    deployment: Deployment,
    marker: str,
    response: httpx.Response,
    times: tuple[datetime, datetime],
    number: int,
) -> Call:
    body = response.json()
    ids = (response.headers.get(name) for name in ACCOUNT_ID_HEADERS)
    return Call(
        deployment=deployment.name,
        kind=deployment.kind,
        started=times[0],
        ended=times[1],
        round=number,
        marker=marker,
        response_id=_id(deployment, body),
        usage=Usage.of(body["usage"]),
        answer=_words(body),
        request=response.request.content,
        response=response.content,
        account_ids=frozenset(one for one in ids if one),
    )


def _id(deployment: Deployment, body: dict[str, Any]) -> str:
    if deployment.kind == "embeddings":
        return ""
    if not isinstance(body["id"], str) or not body["id"]:
        raise ValueError("no id")
    return body["id"]


def _words(body: dict[str, Any]) -> str:
    """The first plain words of the completion: text that no escaping changes."""
    choice = (body.get("choices") or [{}])[0]
    content = (choice.get("message") or {}).get("content") or choice.get("text") or ""
    found = re.search(r"[A-Za-z0-9][A-Za-z0-9 ]{0,30}", content)
    return found.group().strip() if found else ""


def _skew(response: httpx.Response, now: datetime) -> timedelta:
    """What to add to this machine's clock to get the service's."""
    try:
        date = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return timedelta()
    skew = date.replace(tzinfo=date.tzinfo or UTC) - now
    return skew if abs(skew) > CLOCK_ERROR else timedelta()
