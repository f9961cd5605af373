"""What the body of a model's answer says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from queries.check.kinds import Json, Kind


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an answer says: its id, `usage` object, text, and the model's name."""

    id: str
    usage: Json
    text: str
    model: str = ""


def read(kind: Kind, content: bytes) -> Answer:
    """Return the answer to a call.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is not a model's answer.
    """
    if kind == "stream":
        return _streamed(content)
    body = json.loads(content)
    if kind.endswith("embeddings"):
        return Answer(id="", usage=body["usage"], text="", model=str(body.get("model") or ""))
    if not isinstance(body["id"], str) or not body["id"]:
        raise ValueError("no id")
    text, model = TEXTS.get(kind, _chosen)(body), str(body.get("model") or "")
    return Answer(id=body["id"], usage=body["usage"], text=text, model=model)


def _streamed(content: bytes) -> Answer:
    """Read the events: the id of any, the last usage ({}: none), all texts.

    https://learn.microsoft.com/azure/ai-foundry/openai/reference#chatcompletionstreamoptions
    """
    chunks = list(events(content.decode()))
    ids = [chunk["id"] for chunk in chunks if chunk.get("id")]
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    choices = [choice for chunk in chunks for choice in chunk.get("choices") or []]
    said = [(choice.get("delta") or {}).get("content") or "" for choice in choices]
    models = [str(chunk["model"]) for chunk in chunks if chunk.get("model")]
    return Answer(
        id=ids[0] if ids else _missing("id"),
        usage=usages[-1] if usages else {},
        text="".join(said),
        model=models[0] if models else "",
    )


def events(text: str) -> Iterator[Json]:
    """Return the JSON objects of a server-sent stream; one that was cut is left out."""
    for line in text.splitlines():
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data.startswith("{"):
            try:
                value = json.loads(data)
            except ValueError:
                continue
            yield value


def _missing(what: str) -> str:
    raise ValueError(f"no {what}")


def _chosen(body: Json) -> str:
    choice = (body.get("choices") or [{}])[0]
    return str((choice.get("message") or {}).get("content") or choice.get("text") or "")


def _output(body: Json) -> str:
    parts = [part for item in body.get("output") or [] for part in item.get("content") or []]
    return "".join(str(part.get("text") or "") for part in parts)


TEXTS: dict[str, Callable[[Json], str]] = {"responses": _output}
