"""The kinds of call: which a deployment serves, and what is sent to it.

One look at every kind costs about 250 tokens for each chat deployment (chat, streamed chat,
responses), 20 for each other one, about 6,000 for the two long calls, which go to one deployment
only, and about 2,100 for embeddings of many inputs, which go to one too. A brief call of `burst`
costs about 40.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from queries.check import plans
from queries.contract import NEXT_ACCOUNT, OPENAI, Deployment
from queries.outputs import Consumer, Target

Kind = Literal[
    "chat",
    "stream",
    "responses",
    "completions",
    "embeddings",
    "long-prompt",
    "long-completion",
    "many-embeddings",
]
Json = dict[str, Any]
COMPLETION_TOKENS = 256
"""Enough for a reasoning model to come to an answer, and little money."""
LONG_TOKENS = 4000
"""Most tokens of the long completion; it asks for `LONG_WORDS` words."""
LONG_WORDS = 1800
LONG_CAPACITY = 8
"""Thousands of tokens a minute below which a deployment gets no long call.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota
"""
EMBEDDING_DIMENSIONS = 8
"""Keeps the response below the bytes that the gateway logs; third-generation models take it."""
MANY: Kind = "many-embeddings"
MANY_INPUTS = 2048
"""Most inputs of one call, whose answer is longer than a log entry may be.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/embeddings
"""
MANY_CAPACITY = 5
"""Thousands of tokens a minute below which a deployment gets no such call: it is of some 2,100."""
PREFIX = "proof-"
"""What every marker begins with."""
SHORT = "Answer with one short sentence."
BRIEF = "Answer with one word."
BRIEF_TOKENS = 16
"""Most tokens of a brief answer: the least that the responses API takes.

https://learn.microsoft.com/azure/ai-foundry/openai/latest#create-response
"""
STREAMED = "Count from one to forty, in words."
"""An answer long enough to come in parts."""
OF_MODEL: dict[str, tuple[Kind, ...]] = {
    "chat": ("chat", "stream", "responses"),
    "completions": ("completions",),
    "embeddings": ("embeddings",),
}
V1 = "v1/"
"""How kinds of others' calls begin on the surface that names the deployment in the body."""
V1_SURFACE = "/v1/"
"""How paths of that surface begin, on which no api-version is sent.

https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
"""
CHAT = ("chat", "stream", "long-prompt", "long-completion", f"{V1}chat/completions")
LONG: tuple[Kind, ...] = ("long-prompt", "long-completion")
PATHS = {
    "completions": "completions",
    "embeddings": "embeddings",
    MANY: "embeddings",
    "responses": "responses",
}
"""What a kind is called in a path, if not `chat/completions`."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One call to make: where to, and of which kind."""

    deployment: Deployment
    kind: Kind
    consumer: Consumer
    brief: bool = False
    """Whether the call is one of many, made as cheaply as it can be."""
    hangs_up: bool = False
    """Whether the caller leaves half way through a streamed answer."""
    among: int = 1
    """How many consumers the run calls as."""
    meets: str = ""
    """Short name of the account that the call names, `*` for nobody first; "" for any."""

    @property
    def label(self) -> str:
        """Return the kind's name in what a person reads."""
        plain = self.kind == OF_MODEL[self.deployment.kind][0]
        kind = " (hung up)" if self.hangs_up else "" if plain else f" ({self.kind})"
        if self.meets:
            kind = " sent on" if self.meets == NEXT_ACCOUNT else f" of {self.meets}"
        whose = f" as {self.consumer.name}" if self.among > 1 else ""
        return f"{self.deployment.name}{kind}{whose}"


def slots(target: Target) -> list[tuple[Deployment, Kind]]:
    """Return every kind that each deployment serves."""
    return [
        (deployment, kind)
        for deployment in target.deployments
        for kind in OF_MODEL[deployment.kind]
        if _is_offered(target, kind, deployment)
    ]


def plan(target: Target) -> list[Planned]:
    """Return every kind that each deployment serves, and the large calls to those fit for them.

    The consumers take turns.
    """
    fit, callers = long_deployment(target), target.callers
    wanted = slots(target) + ([(fit, kind) for kind in LONG] if fit else [])
    if many := many_deployment(target):
        wanted.append((many, MANY))
    made = [
        (deployment, kind, plans.caller_of(target, deployment, kind, number))
        for number, (deployment, kind) in enumerate(wanted)
    ]
    return [
        Planned(deployment=deployment, kind=kind, consumer=consumer, among=len(callers))
        for deployment, kind, consumer in made
        if consumer
    ]


def without_room(target: Target) -> list[str]:
    """Name the consumers to call as whose plan lets no call through that the check makes."""
    return [
        one.name
        for one in target.callers
        if not any(
            plans.has_room(target.plan_of(one.name), deployment, kind)
            for deployment, kind in slots(target)
        )
    ]


def left_out(target: Target) -> dict[str, str]:
    """Return what no call is made of as it is not known to be served, and why."""
    offered = slots(target)
    reason = "the operations of the imported document are not known"
    if target.operations:
        reason = "the imported document has no operation for it"
    left = {
        f"{deployment.name} ({kind})": reason
        for deployment in target.deployments
        for kind in OF_MODEL[deployment.kind]
        if (deployment, kind) not in offered
    }
    refused = [one for one in offered if not plans.may_be_made(target, *one)]
    return left | {f"{deployment.name} ({kind})": plans.NOBODY for deployment, kind in refused}


def _is_offered(target: Target, kind: Kind, deployment: Deployment) -> bool:
    """Tell whether the document has a kind's operation; it is taken for granted of unknown ones."""
    known = target.operations or kind == "responses"
    return target.offers(template(target, kind, deployment.name)) if known else True


def chats(target: Target) -> bool:
    """Tell whether some deployment serves chat completions."""
    return any(deployment.kind == "chat" for deployment in target.deployments)


def long_deployment(target: Target) -> Deployment | None:
    """Return the chat deployment with the most capacity, if long calls can be made and judged."""
    chats = [
        deployment
        for deployment, kind in slots(target)
        if kind == "chat" and all(plans.may_be_made(target, deployment, one) for one in LONG)
    ]
    largest = max(chats, key=lambda d: d.capacity, default=None)
    return largest if target.messages and not no_long_calls(target) else None


def no_long_calls(target: Target) -> tuple[str, str] | None:
    """Say why long calls cannot be made, or not be judged, and what to do; None if they can."""
    capacity = max((d.capacity for d in target.deployments if d.kind == "chat"), default=0)
    if capacity < LONG_CAPACITY:
        reason = f"long calls need a capacity of {LONG_CAPACITY}, and chat deployments have"
        return f"{reason} {capacity} at most", "raise a chat deployment's capacity for it"
    needed = 2 * long_size(target)
    if target.llm_message_bytes < needed:
        reason = f"llmMessageBytes {target.llm_message_bytes} is less than a long call needs"
        return reason, f"set llmMessageBytes to {needed} or more, then pulumi up"
    chats = [one for one in target.deployments if one.kind == "chat"]
    if not any(all(plans.may_be_made(target, one, kind) for kind in LONG) for one in chats):
        tokens, size = plans.NEEDED["long-prompt"]
        reason = f"long calls need a plan of {tokens:,} tokens a minute and {size:,} bytes, and"
        return f"{reason} no consumer that is called as has one", "give one consumer such limits"
    return None


def many_deployment(target: Target) -> Deployment | None:
    """Return the deployment for embeddings of many inputs; None where none is fit for them."""
    fit = [
        deployment
        for deployment in target.deployments
        if has_short_vectors(deployment)
        and deployment.capacity >= MANY_CAPACITY
        and plans.may_be_made(target, deployment, MANY)
    ]
    return max(fit, key=lambda d: d.capacity, default=None) if target.accounting_header else None


def has_short_vectors(deployment: Deployment) -> bool:
    """Tell whether a model makes vectors of as few dimensions as its caller asks for.

    https://learn.microsoft.com/azure/ai-foundry/openai/reference#embeddings
    """
    return deployment.kind == "embeddings" and deployment.model.startswith("text-embedding-3")


def long_size(target: Target) -> int:
    """Return the bytes of the long prompt: more than the gateway log holds of one body."""
    return target.body_bytes + 1024


def path_of(target: Target, kind: str, deployment: str) -> str:
    """Return where calls of a kind go, below the API's path."""
    return template(target, kind, deployment).replace("{deployment-id}", deployment)


def template(target: Target, kind: str, deployment: str) -> str:
    """Return the path of a kind's operation: on the surface of v1 if no other serves it."""
    if kind.startswith(V1):
        return f"/{kind}"
    name = PATHS.get(kind, "chat/completions")
    classic, v1 = f"/deployments/{{deployment-id}}/{name}", f"{V1_SURFACE}{name}"
    only_v1 = kind == "responses" or any(
        one.only_on_v1 for one in target.deployments if one.name == deployment
    )
    return v1 if only_v1 or (target.offers(v1) and not target.offers(classic)) else classic


def is_on_v1(target: Target, kind: str, deployment: str) -> bool:
    """Tell whether calls of a kind name the deployment in the body."""
    return template(target, kind, deployment).startswith(V1_SURFACE)


def most_tokens(planned: Planned, *, thinks: bool = False) -> int:
    """Return the most tokens of the answer; `thinks` for a model that cannot answer in few."""
    if planned.kind == "long-completion":
        return LONG_TOKENS
    return BRIEF_TOKENS if planned.brief and not thinks else COMPLETION_TOKENS


def request(planned: Planned, marker: str, target: Target, *, thinks: bool = False) -> Json:
    """Return the body; `marker` stands at the start of its text.

    A stream does not ask for its tokens, as careless callers do not, where the policy does so.
    """
    name = planned.deployment.name
    named = {"model": name} if is_on_v1(target, planned.kind, name) else {}
    return {**named, **_content(planned, marker, target, thinks=thinks)}


def _content(planned: Planned, marker: str, target: Target, *, thinks: bool) -> Json:
    if planned.kind in {"embeddings", MANY}:
        few = {"dimensions": EMBEDDING_DIMENSIONS} if has_short_vectors(planned.deployment) else {}
        if planned.kind == MANY:
            inputs = [marker, *["a"] * (MANY_INPUTS - 1)]
            return {"input": inputs, "encoding_format": "base64", **few}
        return {"input": marker, **few}
    text = f"{marker} {BRIEF}" if planned.brief else prompt(planned.kind, marker, target)
    limit = most_tokens(planned, thinks=thinks)
    if planned.kind == "completions":
        return {"prompt": text, "max_tokens": limit}
    if planned.kind == "responses":
        limits = {"max_output_tokens": limit, "store": False}
        return {"input": text, **limits}
    # OpenAI's reasoning models refuse the older name, which other publishers' models know.
    most = "max_tokens" if planned.deployment.format != OPENAI else "max_completion_tokens"
    body: Json = {"messages": [{"role": "user", "content": text}], most: limit}
    if planned.kind == "stream":
        body["stream"] = True
        if target.stream_usage == "leave":
            body["stream_options"] = {"include_usage": True}
    return body


def prompt(kind: str, marker: str, target: Target) -> str:
    """Return the text of a prompt; the long one has characters of 2 and 3 bytes to be cut in."""
    if kind == "long-completion":
        return f"{marker} Write {LONG_WORDS} words about the history of the ledger."
    if kind == "stream":
        return f"{marker} {STREAMED}"
    if kind != "long-prompt":
        return f"{marker} {SHORT}"
    lines: list[str] = []
    while sum(map(len, lines)) < long_size(target):
        lines.append(f" Line {len(lines)} of a façade of 漢字, longer than the gateway logs.")
    return f"{marker} {SHORT} Ignore what follows.{''.join(lines)}"
