"""What the check did: calls that were answered, calls that had to fail, queries that ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from pydantic import SecretStr

from queries.check.kinds import CHAT

NO_KEY = SecretStr("")
Side = Literal["Request", "Response"]
"""What a column's name begins with: of what was sent, or of what was answered."""
AttemptName = Literal[
    "no key",
    "wrong key",
    "unknown deployment",
    "stored response",
    "background response",
    "foreign token",
    "wrong audience",
    "expired consumer",
]
WRONG_TOKENS: tuple[AttemptName, ...] = ("foreign token", "wrong audience")
"""Attempts of a stack that takes tokens."""
EXPECTED: dict[AttemptName, int] = {
    "no key": 401,
    "wrong key": 401,
    "unknown deployment": 404,
    "stored response": 403,
    "background response": 403,
    "foreign token": 401,
    "wrong audience": 401,
    "expired consumer": 403,
}
"""Status of each: https://learn.microsoft.com/azure/api-management/api-management-subscriptions;
those of stored responses, background ones, tokens and last days are the policy's own.
"""
CODES: Mapping[AttemptName, str] = dict.fromkeys(
    ("stored response", "background response"), "StoredResponsesNotOffered"
)
"""Code of a refusal of the policy's own: another limit, such as a plan's, has the same status."""
APART = 0.005
"""Seconds between two parts below which they came as one: a network's own time for some packets."""
TRANSIENT = (0, 408, 429, 500, 502, 503, 504)
"""Statuses that say nothing of who may call: no answer at all, throttled, or a fault."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one call as the caller was told."""

    prompt: int
    completion: int
    total: int

    @classmethod
    def of(cls, usage: dict[str, Any]) -> Usage:
        """Read the `usage` object of an answer; responses name the counts otherwise.

        Embeddings have no completion.

        Raises:
            ValueError: no tokens, which no answered call has.
        """
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        if "input_tokens" in usage:
            names = ("input_tokens", "output_tokens", "total_tokens")
        prompt, completion, total = (int(usage.get(name) or 0) for name in names)
        if not (prompt and total):
            raise ValueError("usage without tokens")
        return cls(prompt=prompt, completion=completion, total=total)

    def __str__(self) -> str:
        return f"{self.prompt} + {self.completion} = {self.total}"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When the parts of a streamed answer came, in seconds from the call's start."""

    first: float
    last: float
    bursts: int
    """Parts that came apart from the one before."""

    @classmethod
    def of(cls, times: list[float]) -> Arrival:
        """Return of the times of all parts, in order; no part came at the start itself."""
        apart = sum(later - before > APART for before, later in pairwise(times))
        return cls(first=times[0], last=times[-1], bursts=1 + apart) if times else NO_ARRIVAL


NO_ARRIVAL = Arrival(first=0, last=0, bursts=0)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A call that the gateway answered with 200: what is known of it, whoever made it."""

    deployment: str
    started: datetime
    """By the service's clock, UTC."""
    ended: datetime
    round: int
    """Calls of one round are proven together; each call of others is a round of its own."""
    kind: str = "chat"
    """One of `kinds.Kind`, or a path of the v1 surface."""
    label: str = ""
    """Name for a person: the deployment, and the kind unless it is the deployment's plain one."""
    response_id: str = ""
    """The response's own `id`; embeddings have none."""
    usage: Usage | None = None
    """Tokens as the answer told them; None where no log holds the answer of another's call."""
    consumer: str = ""
    """Name of the subscription that it was made as; "" where nobody knows."""
    account_ids: frozenset[str] = frozenset()
    """Request ids that the model endpoint put into the response's headers, as its caller read."""

    @property
    def name(self) -> str:
        """Return the call's name in verdicts."""
        return self.label or self.deployment

    @property
    def is_chat(self) -> bool:
        """Tell whether the call is a chat completion: what the LLM log is documented for.

        https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
        """
        return self.kind in CHAT


@dataclass(frozen=True, kw_only=True)
class OwnCall(Answered):
    """A call that this run made: what was sent and answered is known word for word."""

    marker: str
    """Random text of the prompt."""
    answer: str = ""
    """Some plain words of the completion; "" if it has none."""
    text: str = ""
    """The completion."""
    request: bytes = b""
    forwarded: bytes = b""
    """The request as the policy sends it on to the account."""
    response: bytes = b""
    url: str = ""
    """Where it was sent, with its query."""
    model: str = ""
    """The model that the answer names; "" for none."""
    accounting: str = ""
    """What the accounting header said of the answer; "" for nothing."""
    seconds: float = 0.0
    """From its start to the answer's last byte, by this machine's clock."""
    connection: str = ""
    """The connection that carried it; calls of one connection come from one address."""
    peer: str = ""
    """Address at the connection's other end: the gateway's, or a proxy's; "" if not known."""
    brief: bool = False
    """Whether it was one of the brief calls."""
    meets: str = ""
    """Short name of the account that it named, `*` for nobody first; "" for any."""
    arrival: Arrival | None = None
    """How a streamed answer came; None for one that was not streamed, or is brief."""


@dataclass(frozen=True, kw_only=True)
class Aside(Answered):
    """A call of this run beside those that are compared word for word."""

    marker: str
    """Random text of the prompt, or of the URL."""
    most: Usage
    """Tokens that it may have cost, at most."""


@dataclass(frozen=True, kw_only=True)
class HungUp(Aside):
    """A streamed call whose caller left half way: nobody was told its tokens."""


@dataclass(frozen=True, kw_only=True)
class Background(Aside):
    """A response made in the background, whose tokens were told when it was read; None if not."""


@dataclass(frozen=True, kw_only=True)
class CallOfOthers(Answered):
    """A call that somebody else made, as the gateway's log tells of it."""

    correlation: str
    """The gateway's id of the call."""
    cut: tuple[Side, ...] = ()
    """Which of its bodies the log holds only the start of."""


Call = OwnCall | CallOfOthers


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A call of this run that was not answered."""

    deployment: str
    label: str
    cause: str
    fix: str
    consumer: str = ""
    throttled: bool = False
    """Whether the service had no room for it, which says nothing of whether it may be made."""


@dataclass(frozen=True, kw_only=True)
class Failover:
    """What the check's own ways have shown, beside the calls that were answered."""

    unknown: str = ""
    """Why the check could not go them; "" if it could."""
    open: str = ""
    """How the gateway answered a call that named an account without a token; "" if it refused."""
    failed: tuple[Failed, ...] = ()
    """Calls that were not answered."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call that must fail, and how it ended."""

    name: AttemptName
    expected: int
    """Status that it must end with."""
    mark: str
    """The deployment's name in its URL: random, so that its row can be found."""
    started: datetime
    ended: datetime
    status: int
    """0 for no answer."""
    cause: str
    key: SecretStr = NO_KEY
    """The wrong key that was sent."""
    consumer: str = ""
    """Name of the consumer whose key was sent; "" for none."""

    @property
    def refused(self) -> bool:
        """Tell whether it ended as it must: with the status, and by the policy's own word."""
        return self.status == self.expected and CODES.get(self.name, "") in self.cause


@dataclass(frozen=True, kw_only=True)
class Tried:
    """How a limit of a plan met calls that were made to meet it."""

    limit: str
    """The plan's key, such as tokensPerMinute."""
    consumer: str
    """Who called, of all that have the plan."""
    status: int = 0
    """Of the refusal; 0 where the gateway did not refuse."""
    reason: str = ""
    """By which the log knows the refusal."""
    counted: str = ""
    """What a header said is left, of a limit that was not used up."""
    cause: str = ""
    """What came instead of refusal or header."""
    lost: bool = False
    """Whether it says nothing, as another limit or a fault came before this one."""
    mark: str = ""
    """What stands in the URL of the calls, and in no other."""
    calls: int = 0
    """How many calls were made to meet it."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of a query of the library at the last look."""

    columns: tuple[str, ...] | None = None
    """What it returned; None: nothing yet."""
    reason: str = ""
    refused: bool = False
    """Asking again will not help."""
