"""What the check and the report must know of the stack: read from its outputs."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from queries.errors import CannotRunError

PULUMI_TIMEOUT = 300
"""Seconds that `pulumi stack output` may take."""

GATEWAY_TIMEOUT = 300
"""Seconds for which the gateway waits for an answer to begin, unless told otherwise.

https://learn.microsoft.com/azure/api-management/forward-request-policy
"""

Url = Annotated[str, Field(pattern=r"^https://\S+$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Deployment(_Model):
    """A model deployment and the kind of call it answers."""

    name: str
    model: str
    version: str = ""
    kind: Literal["chat", "completions", "embeddings"]
    capacity: int = 1000
    """Thousands of tokens a minute."""
    sku: str = ""
    """A stack of an older commit tells none."""

    @property
    def provisioned(self) -> bool:
        """It is paid by the hour, with throughput of its own: no quota of tokens a minute.

        SKUs ProvisionedManaged, GlobalProvisionedManaged and DataZoneProvisionedManaged:
        https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/deployment-types
        """
        return "provisioned" in self.sku.lower()


class Target(_Model):
    """The stack's `proof` output, and the key of the consumer that the check calls as."""

    version: Literal[1]
    gateway_url: Url
    api_path: str
    api_id: str
    account_id: str
    gateway_id: str
    workspace_customer_id: str
    deployments: Annotated[tuple[Deployment, ...], Field(min_length=1)]
    consumers: tuple[str, ...]
    capture: Literal["full", "metadata"]
    body_bytes: int
    sampling_percentage: float
    llm_logging: bool
    log_response_bodies: bool = True
    """A stack of an older commit logs them."""
    accounting_header: str = ""
    """Response header in which the policy tells tokens; a stack of an older commit has none."""
    backend_timeout_seconds: int = 0
    """A stack of an older commit has the gateway's own: 300 s, and buffers."""
    subscription_key_header: str
    api_version: str
    logs_endpoint: Url
    management_endpoint: Url = "https://management.azure.com"
    workspace_id: str = ""
    llm_message_bytes: int = 32768
    backend_url: str = ""
    audience: str = ""
    role_id: str = ""
    diagnostic_settings: dict[str, str] = Field(default_factory=dict)
    """Name of the setting of `gateway` and `account`; "" for one that another program keeps."""
    operations: dict[str, str] = Field(default_factory=dict)
    """Operation id by method and path of the imported document; empty if it is not known."""
    prices: dict[str, Any] = Field(default_factory=dict)
    """By model, USD per 1,000,000 tokens; empty for those of the query library."""
    budgets: dict[str, Any] = Field(default_factory=dict)
    """By consumer, tokens and USD a month."""
    gateway_principal_id: str = ""
    """Object id of the identity that the gateway calls the account with; "" if it is not known."""
    consumer: str = ""
    key: SecretStr = SecretStr("")

    @property
    def every_call(self) -> bool:
        """The gateway is meant to log every call."""
        return self.sampling_percentage >= 100  # noqa: PLR2004

    def offers(self, path: str) -> bool:
        """The imported document has an operation to POST to, as far as it is known."""
        return f"POST {path}" in self.operations

    @property
    def caller(self) -> str:
        """The consumer whose subscription is looked at: whose key is used, or the first."""
        return self.consumer or next(iter(self.consumers), "")

    @property
    def can_call(self) -> bool:
        """There is a key; without traffic none is read."""
        return bool(self.key.get_secret_value())

    @property
    def bodies(self) -> bool:
        """The gateway log is meant to hold bodies, of requests at least."""
        return self.capture == "full" and self.body_bytes > 0

    @property
    def response_bodies(self) -> bool:
        """It is meant to hold those of responses too."""
        return self.bodies and self.log_response_bodies

    @property
    def longest_wait(self) -> timedelta:
        """For which the gateway waits for an answer to begin."""
        return timedelta(seconds=self.backend_timeout_seconds or GATEWAY_TIMEOUT)

    @property
    def messages(self) -> bool:
        """The LLM log is meant to hold messages."""
        return self.capture == "full" and self.llm_logging


def from_stack(stack: str | None) -> dict[str, Any]:
    """The outputs of a stack of the Pulumi project in this directory.

    Raises:
        CannotRunError: `pulumi` is missing, fails, or answers something else than outputs.
    """
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--non-interactive"]
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            [*command, *(["--stack", stack] if stack else [])],
            capture_output=True,
            text=True,
            timeout=PULUMI_TIMEOUT,
            check=False,
        )
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise CannotRunError(
            f"pulumi {'is not on PATH' if missing else f'cannot be started: {error.strerror}'}",
            "install it, or give the outputs with --outputs FILE",
        ) from None
    except subprocess.TimeoutExpired:
        raise CannotRunError(
            f"pulumi stack output gave nothing in {PULUMI_TIMEOUT} s", "is the backend reachable?"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise CannotRunError(
            f"pulumi stack output failed: {said[-1].removeprefix('error: ')}",
            "choose the stack with --stack NAME; log in with `pulumi login`",
        )
    return _parsed(done.stdout, "pulumi stack output")


def from_file(file: Path) -> dict[str, Any]:
    """The outputs saved by `pulumi stack output --json --show-secrets`.

    Raises:
        CannotRunError: the file cannot be read, or holds something else.
    """
    try:
        return _parsed(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise CannotRunError(f"cannot read {file}: {reason}") from None


def target(outputs: dict[str, Any]) -> Target:
    """The proof output, checked; without a key.

    Raises:
        CannotRunError: no `proof` output, or one of another shape.
    """
    if not isinstance(outputs.get("proof"), dict):
        raise CannotRunError("the stack has no output `proof`", "deploy it first: pulumi up")
    try:
        return Target.model_validate(outputs["proof"])
    except ValidationError as error:
        wrong = sorted({".".join(str(part) for part in e["loc"]) for e in error.errors()})
        raise CannotRunError(
            f"the output `proof` lacks or misstates {', '.join(wrong)}",
            "deploy and check from the same commit: pulumi up",
        ) from None


def _parsed(text: str, source: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise CannotRunError(
            f"{source}: not a JSON object of outputs",
            "save them with: pulumi stack output --json --show-secrets",
        )
    return value
