"""The service behind every account: it answers at once and without limits, unless told otherwise.

A rehearsal packs into seconds what takes hours in Azure, so that limits are off by default.
"""

from dataclasses import dataclass, field
from math import ceil

from sandbox import clock
from sandbox.cloud import Resource
from sandbox.model.parameters import Json, RefusalError
from sandbox.model.prompt_cache import PromptCache
from sandbox.model.stored import Stored

MINUTE = 60


@dataclass(frozen=True)
class Pace:
    """Seconds to the first token, and tokens a second: read of the prompt, written of the answer.

    The service's own target for gpt-5.1 is to write more than 50 a second:
    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/provisioned-throughput-onboarding
    """

    first: float
    read: float
    written: float


@dataclass
class Service:
    """`limited` makes deployments keep to their capacity; `down` makes every call fail."""

    limited: bool = False
    down: bool = False
    pace: Pace | None = None
    cache: PromptCache = field(default_factory=PromptCache)
    stored: Stored = field(default_factory=Stored)
    _counted: dict[str, tuple[int, int]] = field(default_factory=dict)

    def admit(self, deployment: Resource, operation: str, version: str, estimate: int) -> None:
        """500 while the service is down; 429 if the deployment's tokens of this minute are used up.

        https://github.com/continuedev/continue/issues/11707 (500)
        https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota (estimate, reset)
        https://github.com/vanderschaarlab/climb/issues/1 (429)
        """
        if self.down:
            text = "The server had an error while processing your request. Sorry about that!"
            raise RefusalError(500, None, text, type="server_error", param=None)
        sku: Json = deployment.body.get("sku") or {}
        if not self.limited or "Provisioned" in str(sku.get("name")):
            return
        minute, rest = divmod(clock.now(), MINUTE)
        last, used = self._counted.get(deployment.id, (0, 0))
        used = used if last == minute else 0
        if used + estimate > int(sku.get("capacity") or 0) * 1000:
            wait = ceil(MINUTE - rest)
            text = f"Requests to the {operation} Operation under Azure OpenAI API version {version}"
            text += " have exceeded token rate limit of your current OpenAI S0 pricing tier. "
            text += f"Please retry after {wait} seconds. Please go here: https://aka.ms/oai/"
            text += "quotaincrease if you would like to further increase the default rate limit."
            raise RefusalError(429, "429", text, retry_after=wait)
        self._counted[deployment.id] = (int(minute), used + estimate)

    def pauses(self, tokens: tuple[int, int], parts: int) -> list[float]:
        """Seconds before each part of an answer with tokens of prompt and completion.

        Sure: no belief.
        """
        if self.pace is None or not sum(tokens):
            return [0.0] * parts
        each = tokens[1] / self.pace.written / max(parts, 1)
        first = self.pace.first + tokens[0] / self.pace.read
        return [first + each, *[each] * (parts - 1)]
