"""Calls that meet each plan's limits, as nobody else's calls can be relied on to.

What a limit refuses costs nothing. Only a limit of tokens has to be used up, and only a small one
is; of a large one, and of every quota, one cheap call shows that the gateway counts.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import httpx

from queries.check import kinds, plans
from queries.check.answers import retry_after, said
from queries.check.calls import Caller
from queries.check.kinds import BRIEF_TOKENS, PREFIX, Json
from queries.check.records import TRANSIENT, Tried
from queries.contract import (
    MODEL_REFUSED,
    OPENAI,
    PROMPT_REFUSED,
    REMAINING_CALLS,
    REMAINING_QUOTA,
    REMAINING_TOKENS,
    Deployment,
    Plan,
)
from queries.outputs import Consumer, Target

MOST_TOKENS = 10_000
"""Tokens a minute up to which a limit is used up."""
MOST_CALLS = 60
"""Calls a minute up to which a limit is used up, by calls that cost no tokens."""
TIMES = 2
"""How many times its number a limit is tried with, at most: a bucket fills meanwhile."""
BEYOND, PART = 3, 5
"""Calls that are made once a limit of tokens is used up, one of which must be refused, and which
part of the limit each of them asks for: a bucket fills between two calls.
"""
SECONDS = 50.0
"""How long calls are made to use up a minute's."""
FAULT = 500
"""Status from which an answer does not tell that a call has passed a limit."""
SLOW = f"it could not be used up in {SECONDS:.0f} s"
LEFT = {
    "tokensPerMinute": REMAINING_TOKENS,
    "tokenQuota": REMAINING_QUOTA,
    "callsPerMinute": REMAINING_CALLS,
}
"""Response header with what is left of each limit."""
REASONS = {
    "models": (403, MODEL_REFUSED),
    "promptBytes": (413, PROMPT_REFUSED),
    "callsPerMinute": (429, "RateLimitExceeded"),
    "tokensPerMinute": (429, "OpenAITokenLimitExceeded"),
    "tokenQuota": (403, "OpenAITokenQuotaExceeded"),
}
"""Status and reason of each refusal, as the log has them.

https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies
https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
"""
WORDS = {
    "models": MODEL_REFUSED,
    "promptBytes": PROMPT_REFUSED,
    "callsPerMinute": "Rate limit is exceeded",
    "tokensPerMinute": "Token limit is exceeded",
    "tokenQuota": "quota is exceeded",
}
"""What stands in the answer of each refusal."""
NO_CHAT, NO_KEY = "no deployment that it may call serves chats", "no key to call with"
RESTS = "none of its consumers is called as today, as another day's run does"
SAID = (
    f"which takes up to {TIMES} times tokensPerMinute where that is at most {MOST_TOKENS:,}, and "
    "about 100 tokens else; that consumer is refused for up to a minute, and longer in the v2 "
    "tiers; no quota is used up"
)


def make(caller: Caller) -> list[Tried]:
    """Meet every limit of each plan, as the first of its consumers whose key is there."""
    found, resting = list[Tried](), {name.lower() for name in caller.target.resting}
    for plan in caller.target.plans:
        named = {name.lower() for name in plan.consumers}
        whose = next((one for one in caller.target.callers if one.name.lower() in named), None)
        slot = _slot(caller.target, plan) if whose else None
        if whose is None or slot is None:
            why = NO_CHAT if whose else RESTS if named & resting else NO_KEY
            who = plan.consumers[0]
            found += [Tried(limit=one, consumer=who, cause=why, lost=True) for one in _of(plan)]
            continue
        found += _Trial(caller, plan, whose, slot).all()
    return found


def _of(plan: Plan) -> list[str]:
    """List the keys of the limits that a plan has, in the order in which they are met.

    What has only to count comes before what is used up, as no later call may tell what is left.
    """
    values = {
        "models": plan.models,
        "promptBytes": plan.prompt_bytes,
        "tokenQuota": plan.token_quota,
        "tokensPerMinute": plan.tokens_per_minute,
        "callsPerMinute": plan.calls_per_minute,
    }
    found = [key for key, value in values.items() if value]
    used_up = {
        "tokensPerMinute": plan.tokens_per_minute <= MOST_TOKENS,
        "callsPerMinute": plan.calls_per_minute <= MOST_CALLS,
    }
    return sorted(found, key=lambda key: used_up.get(key, False))


def _slot(target: Target, plan: Plan) -> Deployment | None:
    """Return the chat deployment with the most capacity that the plan may call."""
    fit = [one for one, kind in kinds.slots(target) if kind == "chat" and plan.allows(one.name)]
    return max(fit, key=lambda one: one.capacity, default=None)


@dataclass
class _Trial:
    """The calls of one consumer."""

    caller: Caller
    plan: Plan
    consumer: Consumer
    deployment: Deployment
    marks: dict[str, str] = field(default_factory=dict)
    spent: int = 0
    made: Counter[str] = field(default_factory=Counter)
    """How many calls met each limit."""

    def all(self) -> Iterator[Tried]:
        """Meet each limit of the plan; what is left of a minute decides nothing of the next."""
        for limit in _of(self.plan):
            run = self.caller.run.removeprefix(PREFIX)
            self.marks[limit] = f"limit-{run}-{secrets.token_hex(6)}"
            self.caller.say(f"{self.consumer.name}: meeting {limit}")
            yield getattr(self, f"_{limit}")()

    def _models(self) -> Tried:
        """Name a deployment that there is not, which no plan allows."""
        return self._judge("models", self._send("models", {}, deployment=self.marks["models"]))

    def _promptBytes(self) -> Tried:  # noqa: N802 - named as the key
        """Send a longer body, of no messages, which the account refuses if the gateway does not."""
        body = {"messages": [], "padding": "x" * self.plan.prompt_bytes}
        return self._judge("promptBytes", self._send("promptBytes", body))

    def _tokenQuota(self) -> Tried:  # noqa: N802 - named as the key
        answer = self._send("tokenQuota", self._chat(1))
        return self._judge("tokenQuota", answer, most=self.plan.token_quota)

    def _tokensPerMinute(self) -> Tried:  # noqa: N802 - named as the key
        """Use up a small limit, by prompts as long as the plan and a model take."""
        most = self.plan.tokens_per_minute
        if most > MOST_TOKENS:
            answer = self._send("tokensPerMinute", self._chat(1))
            return self._judge("tokensPerMinute", answer, most=most)
        size = self.plan.prompt_bytes
        longest = max(1, (size - plans.FEW) // 2) if size else MOST_TOKENS
        begun, before, beyond = self.caller.clock.elapsed(), self.spent, 0
        while True:
            rest = most - (self.spent - before)
            beyond += rest <= 0
            words = max(1, min(longest, rest if rest > 0 else most // PART))
            answer = self._send("tokensPerMinute", self._chat(words))
            if not _answered(answer) or beyond == BEYOND:
                return self._judge("tokensPerMinute", answer)
            if self.caller.clock.elapsed() - begun > SECONDS:
                return self._made("tokensPerMinute", cause=SLOW, lost=True)

    def _callsPerMinute(self) -> Tried:  # noqa: N802 - named as the key
        """Use up a small limit, by calls that the account refuses, or the limit of tokens."""
        most = self.plan.calls_per_minute
        if most > MOST_CALLS:
            answer = self._send("callsPerMinute", {"messages": []})
            return self._judge("callsPerMinute", answer, most=most)
        begun = self.caller.clock.elapsed()
        for _ in range(TIMES * most + 1):
            answer = self._send("callsPerMinute", {"messages": []})
            if WORDS["callsPerMinute"] in _text(answer):
                break
            if self.caller.clock.elapsed() - begun > SECONDS:
                return self._made("callsPerMinute", cause=SLOW, lost=True)
        made = self._judge("callsPerMinute", answer)
        # The limit of calls stands before that of tokens, whose refusal tells that the call passed.
        passed = isinstance(answer, httpx.Response) and answer.status_code < FAULT
        return replace(made, lost=made.lost and not passed)

    def _send(
        self, limit: str, body: Json, *, deployment: str = ""
    ) -> httpx.Response | httpx.RequestError:
        """Call, and once more after the time that a limit of an earlier step asks for."""
        target, name = self.caller.target, deployment or self.deployment.name
        template = kinds.template(target, "chat", self.deployment.name)
        path = template.replace("{deployment-id}", name)
        if template.startswith(kinds.V1_SURFACE):
            body = {"model": name, **body}
        key = self.consumer.sends()
        for again in (True, False):
            self.made[limit] += 1
            try:
                answer = self.caller.post(path, body, key, mark=self.marks[limit])
            except httpx.RequestError as error:
                return error
            self.spent += _tokens(answer)
            pause = retry_after(answer)
            early = answer.status_code == httpx.codes.TOO_MANY_REQUESTS and (
                WORDS[limit] not in _text(answer) and limit != "callsPerMinute"
            )
            late = self.caller.clock.elapsed() + pause > self.caller.deadline
            if not (again and early) or late:
                break
            self.caller.say(f"{self.consumer.name}: another limit first; again in {pause:.0f} s")
            self.caller.clock.sleep(pause)
        return answer

    def _chat(self, words: int) -> Json:
        new = self.deployment.format == OPENAI
        limit = "max_completion_tokens" if new else "max_tokens"
        return {"messages": [{"role": "user", "content": "a " * words}], limit: BRIEF_TOKENS}

    def _made(self, limit: str, *, cause: str = "", lost: bool = False) -> Tried:
        return Tried(
            limit=limit,
            consumer=self.consumer.name,
            mark=self.marks[limit],
            calls=self.made[limit],
            cause=cause,
            lost=lost,
        )

    def _judge(
        self, limit: str, answer: httpx.Response | httpx.RequestError, *, most: int = 0
    ) -> Tried:
        """Say how a limit met its last call; one of `most` need only count."""
        made = self._made(limit)
        if isinstance(answer, httpx.RequestError):
            return replace(made, cause=f"no answer: {type(answer).__name__}", lost=True)
        status, reason = REASONS[limit]
        if answer.status_code == status and WORDS[limit] in _text(answer):
            return replace(made, status=status, reason=reason)
        left = answer.headers.get(LEFT.get(limit, ""), "")
        if most and left.isdigit() and int(left) < most:
            return replace(made, counted=f"{int(left):,} of {most:,} left")
        cause = self.caller.clean(f"HTTP {answer.status_code}: {_text(answer)}")
        lost = answer.status_code in TRANSIENT or WORDS["tokenQuota"] in cause
        return replace(made, cause=cause, lost=lost)


def _answered(answer: httpx.Response | httpx.RequestError) -> bool:
    return isinstance(answer, httpx.Response) and answer.status_code == httpx.codes.OK


def _text(answer: httpx.Response | httpx.RequestError) -> str:
    """Return code and message of an error; "" of an answer."""
    if isinstance(answer, httpx.RequestError) or _answered(answer):
        return ""
    return " ".join(filter(None, said(answer)))


def _tokens(answer: httpx.Response) -> int:
    if not _answered(answer):
        return 0
    try:
        return int(answer.json()["usage"]["total_tokens"])
    except (ValueError, KeyError, TypeError):
        return 0
