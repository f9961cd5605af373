"""What the check and the report must know of the stack: read from its outputs."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, TypeAdapter, ValidationError

from queries.contract import Account, Deployment, ProofOutput, row_name
from queries.errors import CannotRunError
from queries.library import LINES, PLANS, SEVERAL_ACCOUNTS, TOKEN_CALLERS
from queries.wire import key_of, unwire

PULUMI_TIMEOUT = 300.0
"""Seconds that `pulumi stack output` or `export` may take."""

_PARAMETER = re.compile(r"\{[^/]*\}")
RESPONSE = "/v1/responses/{response-id}"
CANCEL = f"{RESPONSE}/cancel"
"""Path of the one operation on a stored response that is a POST, as the check's calls are."""
Url = Annotated[str, Field(pattern=r"^https://\S+$")]


BEARER = "Bearer "
"""What stands before a token in the header Authorization, and before no key."""


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A consumer that the check calls as."""

    name: str
    """Name of its subscription; "" where only its key is known."""
    key: SecretStr
    """Its key, or the first of its tokens."""
    tokens: Callable[[], str] | None = None
    """Gives a token that has not expired; None for a consumer with a key."""

    def sends(self) -> str:
        """Return what proves to the gateway who calls: the key, or a token as it is sent."""
        return BEARER + self.tokens() if self.tokens else self.key.get_secret_value()


@dataclass(frozen=True, kw_only=True)
class Target(ProofOutput[str]):
    """A deployed stack, and the consumers that the check calls as."""

    gateway_url: Url
    logs_endpoint: Url
    management_endpoint: Url
    deployments: Annotated[tuple[Deployment, ...], Field(min_length=1)]
    callers: tuple[Consumer, ...] = ()
    """Consumers whose keys the check has; none where it makes no call."""
    keyless: Mapping[str, str] = field(default_factory=dict)
    """Why the check has no key, by the name of each consumer that it should call as."""
    resting: tuple[str, ...] = ()
    """Consumers that this run leaves to another day's."""
    over: tuple[Consumer, ...] = ()
    """Consumers whose last day is over, with their keys, which the gateway must refuse."""
    wrong_tokens: Mapping[str, SecretStr] = field(default_factory=dict)
    """Tokens that the gateway must refuse, by the name of the attempt."""

    def by_token(self, consumer: str) -> bool:
        """Tell whether the check calls as that consumer with a token."""
        named = (one for one in self.callers if one.name == consumer)
        return any(one.tokens is not None for one in named)

    def of(self, account: Account[str]) -> Target:
        """Return the target as it would be if the stack had this one of its accounts alone."""
        setting = replace(self.diagnostic_settings, account=account.diagnostic_setting)
        deployments = account.deployments
        return replace(
            self,
            account=account,
            accounts=(),
            deployments=deployments,
            diagnostic_settings=setting,
        )

    @property
    def account_ids(self) -> str | tuple[str, ...]:
        """Return the ARM id of the account, or of several, as queries take them."""
        ids = tuple(one.id for one in self.every_account)
        return ids if self.accounts else ids[0]

    @property
    def own(self) -> dict[str, str | tuple[str, ...]]:
        """Return whose rows each query reads, by its parameter: others share the workspace."""
        lines = tuple(
            line
            for line, wanted in (
                (SEVERAL_ACCOUNTS, self.accounts),
                (TOKEN_CALLERS, self.entra_tenant),
                (PLANS, self.plans or self.expires),
            )
            if wanted
        )
        own = {"gateway": self.gateway_id, "account": self.account_ids, "api": self.api_id}
        return own | ({LINES: lines} if lines else {})

    @property
    def account_names(self) -> dict[str, str]:
        """Return the short name of each of several accounts, by what rows call it."""
        found = dict[str, str]()
        for one in self.accounts:
            found[(urlsplit(one.backend_url).hostname or "").lower()] = one.name
            found[row_name(one.id)] = one.name
        return found

    @property
    def account_limits(self) -> dict[str, int]:
        """Return thousands of tokens a minute, by account and deployment that have a limit."""
        return {
            f"{one.name}/{each.name.lower()}": each.capacity
            for one in self.accounts
            for each in one.deployments
            if not each.provisioned
        }

    @property
    def every_call(self) -> bool:
        """Tell whether the gateway is meant to log every call."""
        return self.sampling_percentage >= 100  # noqa: PLR2004

    def operation(self, path: str, method: str = "POST") -> str | None:
        """Return the id of the imported document's operation; None if it is not known.

        Documents differ in how they call the parameters of a path.
        """
        return self._operations.get(_PARAMETER.sub("{}", f"{method} {path}"))

    def offers(self, path: str, method: str = "POST") -> bool:
        """Tell whether the imported document has an operation, as far as it is known."""
        return self.operation(path, method) is not None

    @cached_property
    def _operations(self) -> Mapping[str, str]:
        return {_PARAMETER.sub("{}", one): name for one, name in self.operations.items()}

    @property
    def keeps_apart(self) -> bool:
        """Tell whether the policy is meant to keep each consumer from what others have stored."""
        return self.stored_responses == "refuse" and self.offers(CANCEL)

    @property
    def refuses_background(self) -> bool:
        """Tell whether the policy is meant to refuse responses made in the background."""
        return self.stored_responses == "refuse" and self.offers("/v1/responses")

    @property
    def bodies(self) -> bool:
        """Tell whether the gateway log is meant to hold bodies, of requests at least."""
        return self.capture == "full" and self.body_bytes > 0

    @property
    def response_bodies(self) -> bool:
        """Tell whether the gateway log is meant to hold bodies of responses too."""
        return self.bodies and self.log_response_bodies

    @property
    def longest_wait(self) -> timedelta:
        """Return how long the gateway waits for an answer to begin."""
        return timedelta(seconds=self.backend_timeout_seconds)

    @property
    def messages(self) -> bool:
        """Tell whether the LLM log is meant to hold messages."""
        return self.capture == "full" and self.llm_logging


Made = Annotated[str, Field(min_length=1)]
_PROOF, _TARGET = TypeAdapter(ProofOutput[Made]), TypeAdapter(Target)


def from_stack(stack: str | None, seconds: float = PULUMI_TIMEOUT) -> dict[str, Any]:
    """Ask for the outputs of a stack of the Pulumi project in this directory, for some seconds.

    Raises:
        CannotRunError: `pulumi` is missing, fails, or answers something else than outputs.
    """
    command = ("stack", "output", "--json", "--show-secrets", "--non-interactive")
    told = ask_pulumi(stack, *command, seconds=seconds)
    return _parsed(told, "pulumi stack output")


def ask_pulumi(stack: str | None, *command: str, seconds: float = PULUMI_TIMEOUT) -> str:
    """Return what `pulumi` prints of a stack of the project in this directory, within some seconds.

    Raises:
        CannotRunError: `pulumi` is missing, fails, or takes too long.
    """
    whole = ["pulumi", *command, *(["--stack", stack] if stack else [])]
    name = " ".join(whole[:3])
    patience = max(1.0, min(seconds, PULUMI_TIMEOUT))
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            whole,
            capture_output=True,
            text=True,
            timeout=patience,
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
            f"{name} gave nothing in {patience:.0f} s", "is the backend reachable?"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise CannotRunError(
            f"{name} failed: {said[-1].removeprefix('error: ')}",
            "choose the stack with --stack NAME; log in with `pulumi login`",
        )
    return done.stdout


def from_file(file: Path) -> dict[str, Any]:
    """Return the outputs saved by `pulumi stack output --json --show-secrets`.

    Raises:
        CannotRunError: the file cannot be read, or holds something else.
    """
    try:
        return _parsed(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise CannotRunError(f"cannot read {file}: {reason}") from None


def target(outputs: dict[str, Any]) -> Target:
    """Return the proof output, checked; without a key.

    Raises:
        CannotRunError: no `proof` output, or one of another shape.
    """
    if not isinstance(outputs.get("proof"), dict):
        raise CannotRunError("the stack has no output `proof`", "deploy it first: pulumi up")
    try:
        # As JSON, where a list is a tuple, and else nothing counts for something of another type.
        proof = _PROOF.validate_json(json.dumps(unwire(outputs["proof"])), strict=True)
        return _TARGET.validate_python(vars(proof))
    except ValidationError as error:
        wrong = sorted({key_of(*map(str, e["loc"])) for e in error.errors()})
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
