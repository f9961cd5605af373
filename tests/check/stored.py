"""Responses in the background: begun by one call, ended by the time of a later one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import httpx

from tests.check.answers import Asked, Row

NAMED = re.compile(r"/responses/(resp_\w+)$")


@dataclass
class Stored:
    """What an account keeps, by id; each is in progress when it is first read."""

    kept: dict[str, Row] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    ends: bool = True
    """Whether they ever end."""

    def begin(self, asked: Asked, answer: Row) -> Row:
        """Keep what runs in the background, and return it without tokens; else as it is."""
        if not asked.body.get("background"):
            return answer
        self.kept[answer["id"]] = answer | {"background": True, "status": "completed"}
        begun = {"background": True, "status": "queued", "output": [], "usage": None}
        return answer | begun

    def names(self, request: httpx.Request) -> bool:
        return bool(NAMED.search(request.url.path)) and request.method != "POST"

    def answer(self, request: httpx.Request) -> Row | None:
        """Read or delete; None for a response that is not kept."""
        found = NAMED.search(request.url.path)
        name = found[1] if found else ""
        if name not in self.kept:
            return None
        if request.method == "DELETE":
            del self.kept[name]
            return {"id": name, "deleted": True}
        self.read[name] = self.read.get(name, 0) + 1
        if self.read[name] > 1 and self.ends:
            return self.kept[name]
        running: Row = {"status": "in_progress", "output": [], "usage": None}
        return self.kept[name] | running

    @staticmethod
    def asked(request: httpx.Request) -> Asked:
        return Asked(str(request.url), b"", {}, "responses", "")

    @staticmethod
    def response(answer: Row | None, headers: dict[str, str]) -> httpx.Response:
        status = 200 if answer else 404
        content = json.dumps(answer or {"error": {"code": "NotFound", "message": "no response"}})
        return httpx.Response(status, content=content.encode(), headers=headers)


def makes_or_names(request: httpx.Request) -> bool:
    """Whether a call leads to a stored response, or makes one."""
    named = "/responses/no-such-" in request.url.path
    return named or bool(json.loads(request.content).get("background"))
