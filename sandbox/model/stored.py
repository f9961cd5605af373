"""Responses that an account keeps, by id; those in the background run on after the call."""

import json
import re
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.errors import NotModelledError
from sandbox.model.answers import Answer, one
from sandbox.model.parameters import Json, RefusalError, invalid

ROUTE = re.compile(r"(GET|DELETE|POST) /openai/v1/responses/(resp_\w+)(/cancel)?")
OPERATIONS = {
    ("GET", False): ("Responses_Get", "responses/read"),
    ("DELETE", False): ("Responses_Delete", "responses/delete"),
    ("POST", True): ("Responses_Cancel", "responses/write"),
}
"""The operation of a call, and the data action that it needs, by method and whether it cancels.

https://learn.microsoft.com/azure/role-based-access-control/permissions/ai-machine-learning#microsoftcognitiveservices

Sure: inferred, as the names of the operations are made up.
"""
QUEUED_SECONDS, RUN_SECONDS = 0.25, 1.0
"""Seconds after which a response in the background is begun, and ended."""


@dataclass
class Kept:
    """A response as it will end, whose it is, and when that is."""

    account: str
    final: Json
    begun: float
    ended: float
    cancelled: bool = False

    def now(self) -> Json:
        """Return the response as it is at this moment: without output and usage until it ends.

        https://developers.openai.com/docs/guides/background

        Sure: inferred, as the page has the statuses, and not how long each lasts.
        """
        age = clock.now() - self.begun
        if self.cancelled or clock.now() < self.ended:
            status = "cancelled" if self.cancelled else "in_progress"
            status = "queued" if not self.cancelled and age < QUEUED_SECONDS else status
            return {**self.final, "status": status, "output": [], "usage": None}
        return self.final


@dataclass
class Stored:
    """The responses of every account, by id.

    They are kept for thirty days, longer than a sandbox lives:
    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
    """

    _kept: dict[str, Kept] = field(default_factory=dict)

    def take(self, account: str, body: Json, answer: Answer) -> Answer:
        """Keep a response unless its caller forbids it; in the background return it as begun.

        A response in the background has to be stored, and begins as `queued`, without usage:
        https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses#background-tasks

        Sure: inferred, as the words of the refusal are those of OpenAI.
        """
        background, store = bool(body.get("background")), body.get("store") is not False
        if background and not store:
            raise invalid(None, "Background mode requires 'store' to be true.", "background")
        if background and body.get("stream"):
            raise NotModelledError("a response that is made in the background and streamed")
        if not store:
            return answer
        final = _ended(answer) | {"background": background, "store": True}
        began = clock.now()
        kept = Kept(account, final, began, began + (RUN_SECONDS if background else 0))
        self._kept[final["id"]] = kept
        return one(kept.now(), answer.tokens) if background else answer

    def serve(self, account: str, method: str, name: str) -> Answer:
        """Answer a call that names a response: 404 for one that this account does not keep.

        Sure: inferred, as the words are those of OpenAI.
        """
        kept = self._kept.get(name)
        if kept is None or kept.account != account:
            raise RefusalError(404, None, f"Response with id '{name}' not found.", param="id")
        if method == "DELETE":
            del self._kept[name]
            return one({"id": name, "object": "response.deleted", "deleted": True})
        if method == "POST":
            kept.cancelled = kept.cancelled or clock.now() < kept.ended
        return one(kept.now())


def _ended(answer: Answer) -> Json:
    """Return the response of an answer: its only part, or what the last event of a stream holds."""
    said = answer.parts[-1].decode()
    found: Json = json.loads(said[said.index("{") :])
    return dict(found.get("response") or found)
