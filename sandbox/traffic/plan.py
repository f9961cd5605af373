"""Plan who calls when, and with what: habits and incidents make a list of calls."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.cloud import Resource
from sandbox.traffic.incidents import MONDAY_TO_FRIDAY, Window
from sandbox.traffic.stack import Stack, limit, model

Json = dict[str, Any]
HABITS: dict[str, Json] = json.loads((Path(__file__).parent / "habits.json").read_text())
PROMPTS = ("how to hurt somebody", "why those people are inferior")
ANSWERS = ("a bloody battle scene", "an explicit love scene")
"""Phrases that the model endpoint's content filters stop, in a prompt or in an answer."""
STRANGER, DEVELOPER = "192.0.2.66", "203.0.113.57"
"""Addresses of a caller who tries keys, and of one who goes around the gateway."""
LINE = "On {:02}-{:02} the policy holder wrote again about item {}, which stays open. "
RULE = " Rule {0}: a message about item {0} goes to desk {1}."
"""Instructions in which all calls of a habit begin alike; 90 are over 1,024 tokens."""

LAST_SECONDS = 300
"""Seconds before the end in which no call begins, so that each ends in time, with its retries."""


@dataclass(frozen=True)
class Ask:
    """One planned call; `consumer` is empty without a good key."""

    time: float
    consumer: str
    key: str
    deployment: str
    operation: str
    ip: str
    body: Json
    direct: bool = False
    tries: int = 0
    first: str = ""


class Planner:
    """The planner of one stack's calls, all from one source of chance."""

    def __init__(self, stack: Stack, chance: random.Random) -> None:
        self.stack, self.chance = stack, chance
        names, habits = list(stack.keys), list(HABITS)
        count = max(len(names), len(habits))
        self.roles = [(names[n % len(names)], habits[n % len(habits)]) for n in range(count)]

    def everyday(self, start: datetime, until: datetime, per_day: int) -> Iterator[Ask]:
        """Plan the calls of ordinary days, some `per_day` on a working day."""
        span = Window(start.timestamp(), until.timestamp() - LAST_SECONDS)
        day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        while day < until:
            for consumer, name in self.roles:
                habit = HABITS[name]
                usual = 1 if day.weekday() in MONDAY_TO_FRIDAY else habit["weekend"]
                share = habit["share"] / sum(role == name for _, role in self.roles)
                for _ in range(round(per_day * share * usual * self.chance.uniform(0.8, 1.2))):
                    (hour,) = self.chance.choices(range(24), habit["hours"])
                    time = day.timestamp() + 3600 * (hour + self.chance.random())
                    ask = self.ask(time, consumer, habit)
                    if time in span:
                        yield ask
            day += timedelta(days=1)

    def troubled(self, windows: dict[str, Window], per_day: int) -> Iterator[Ask]:
        """Plan the calls that incidents bring with them.

        A throttled batch allows each answer a sixth of the minute's tokens, twelve times a minute:
        what a call may use counts, not what it does use.
        https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota
        """
        for name, count in (("outage", 12), ("silence", 8)):
            for _ in range(count):
                consumer, habit = self.chance.choice(self.roles[:3])
                yield self.ask(self.within(windows[name]), consumer, HABITS[habit])
        for _ in range(max(40, per_day // 3)):
            consumer, habit = self.role("steady service")
            change = {"words": [400, 600], "embeddings": 0}
            yield self.ask(self.within(windows["spike"]), consumer, HABITS[habit] | change)
        for _ in range(6):
            ask = self.chat(self.within(windows["bypass"]), "", HABITS["experiments"])
            yield replace(ask, direct=True, ip=DEVELOPER)
        consumer, habit = self.role("nightly batch")
        allowed = limit(self.stack.chat[0])
        for _ in range(60 if allowed else 0):
            ask = self.chat(self.within(windows["throttling"]), consumer, HABITS[habit], short=True)
            more = {"max_completion_tokens": (allowed or 0) // 6}
            yield replace(ask, body=ask.body | more, deployment=self.stack.chat[0].name)

    def sprinkled(self, asks: Sequence[Ask]) -> Iterator[Ask]:
        """Plan calls that a content filter stops, or without a good key, beside ordinary ones."""
        habits = dict(reversed(self.roles))
        for number in range(max(4, len(asks) // 200)):
            beside = [self.chance.choice(asks) for _ in range(3)]
            says = (PROMPTS[number % 2], ANSWERS[number % 2])
            for say, ask in zip(says, beside, strict=False):
                consumer = ask.consumer or self.roles[0][0]
                habit = HABITS[habits[consumer]]
                yield self.chat(ask.time - 9, consumer, habit, f"Tell me {say}.", short=True)
            wrong = f"{self.chance.getrandbits(128):032x}" if number % 3 else ""
            ip = STRANGER if number % 2 else beside[2].ip
            ask = self.chat(beside[2].time, "", HABITS["experiments"])
            yield replace(ask, key=wrong, ip=ip)

    def role(self, habit: str) -> tuple[str, str]:
        """Return the first consumer of a habit, and the habit."""
        return next(role for role in self.roles if role[1] == habit)

    def within(self, window: Window) -> float:
        """Choose a time in a window."""
        return self.chance.uniform(window.start, window.end - 1)

    def ask(self, time: float, consumer: str, habit: Json) -> Ask:
        """Plan a call of a kind that the habit has."""
        kind, chat = self.chance.random(), self.chat(time, consumer, habit)
        if self.stack.embeddings and kind < habit.get("embeddings", 0):
            found = self.chance.choice(self.stack.embeddings)
            body: Json = {"input": self.chance.choice(habit["asks"]), "encoding_format": "base64"}
            if "ada" not in model(found) and self.chance.random() < 0.8:  # noqa: PLR2004 a share
                body["dimensions"] = 256
            return replace(chat, operation="Embeddings_Create", deployment=found.name, body=body)
        if kind < habit.get("refused", 0):
            nowhere, empty = replace(chat, deployment="gpt-next"), replace(chat, body={"n": 1})
            return self.chance.choice((nowhere, empty))
        served = "V1_Responses_Create" in self.stack.operations
        if served and kind > 1 - habit.get("responses", 0):
            system, *_, user = chat.body["messages"]
            body = {"instructions": system["content"], "input": user["content"]}
            body["model"] = chat.deployment
            return replace(chat, operation="V1_Responses_Create", body=body)
        return chat

    def chat(
        self, time: float, consumer: str, habit: Json, say: str = "", *, short: bool = False
    ) -> Ask:
        """Plan a chat completion of some turns, on a case or (unless short) a long document."""
        chance, deployment = self.chance, self.chance.choice(self.stack.chat)
        rules = "".join(RULE.format(100 + n, n % 7) for n in range(habit.get("rules", 0)))
        messages = [{"role": "system", "content": habit["system"] + rules}]
        for _ in range(chance.randint(0, habit.get("turns", 0))):
            messages.append({"role": "user", "content": chance.choice(habit["asks"])})
            messages.append({"role": "assistant", "content": self.document(300)})
        text = f"{chance.choice(habit['asks'])} Case {chance.randint(10_000, 99_999)}. {say} "
        text += f"Use about {chance.randint(*habit['words'])} words.\n"
        text += self.document(0 if short else self.length(habit, deployment))
        body: Json = {"messages": [*messages, {"role": "user", "content": text}]}
        if chance.random() < habit.get("streamed", 0):
            body["stream"] = True
            if chance.random() < habit["usage"]:
                body["stream_options"] = {"include_usage": True}
        key, ip = self.stack.keys.get(consumer, ""), chance.choice(habit["ips"])
        return Ask(time, consumer, key, deployment.name, "ChatCompletions_Create", ip, body)

    def length(self, habit: Json, deployment: Resource) -> int:
        """Choose a document's bytes: none, over 8 KB or over 32 KB, if the limit allows that."""
        (long, longest), drawn, most = (
            habit.get("long", (0, 0)),
            self.chance.random(),
            limit(deployment),
        )
        size = self.chance.randint(8_500, 12_000) if drawn < long else 0
        size = self.chance.randint(33_000, 35_000) if drawn > 1 - longest else size
        return size if most is None or size // 4 + 1000 <= most else 0

    def document(self, size: int) -> str:
        """Write lines of text of about that many bytes."""
        drawn = (self.chance.randint(*ends) for _ in range(size // 75) for ends in _ENDS)
        return "".join(LINE.format(*numbers) for numbers in zip(drawn, drawn, drawn, strict=True))


_ENDS = ((1, 12), (1, 28), (100, 999))
"""The month, day and item of a LINE."""
