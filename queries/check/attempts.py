"""Calls that must fail: without a key, with a wrong one, to what does not exist or is another's."""

from __future__ import annotations

import secrets
from dataclasses import replace

import httpx
from pydantic import SecretStr

from queries.check import kinds, plans
from queries.check.answers import clock_error, retry_after, said
from queries.check.calls import Caller
from queries.check.kinds import BRIEF_TOKENS, PREFIX, Json
from queries.check.records import EXPECTED, TRANSIENT, WRONG_TOKENS, Attempt, AttemptName
from queries.outputs import BEARER, CANCEL

TRIES = 4
"""Throttled or lost attempts are made again, `PAUSE` seconds later or when the service says."""
PAUSE = 2.0
WRONG: tuple[AttemptName, ...] = ("wrong key", *WRONG_TOKENS)
"""Attempts whose key or token is of no consumer."""
SECRETS: tuple[AttemptName, ...] = (*WRONG, "expired consumer")
"""Attempts whose key or token no caller has, and which must be in no row."""


def make(caller: Caller) -> list[Attempt]:
    """Make one attempt of each kind; none costs a token.

    Another consumer than the one who made the calls tries to reach a stored response.
    """
    consumer, other = plans.free_to_name(caller.target), caller.target.callers[-1]
    keys: dict[AttemptName, str | None] = {"no key": None, "wrong key": secrets.token_hex(16)}
    whose: dict[AttemptName, str] = {}
    if consumer:
        keys["unknown deployment"] = consumer.sends()
        whose["unknown deployment"] = consumer.name
    keys |= {
        name: caller.target.wrong_tokens[name].get_secret_value()
        for name in WRONG_TOKENS
        if name in caller.target.wrong_tokens
    }
    refused: list[AttemptName] = ["stored response"] if caller.target.keeps_apart else []
    refused += ["background response"] if caller.target.refuses_background else []
    keys |= dict.fromkeys(refused, other.sends())
    whose |= dict.fromkeys(refused, other.name)
    made = [_attempt(caller, name, key) for name, key in keys.items()]
    over = [
        replace(_attempt(caller, "expired consumer", one.sends()), consumer=one.name)
        for one in caller.target.over
    ]
    return [*(replace(one, consumer=whose.get(one.name, "")) for one in made), *over]


def _attempt(caller: Caller, name: AttemptName, key: str | None) -> Attempt:
    for number in range(1, TRIES + 1):
        attempt, asked = _once(caller, name, key)
        pause = max(PAUSE, asked)
        late = caller.clock.elapsed() + pause > caller.deadline
        if attempt.status not in TRANSIENT or number == TRIES or late:
            break
        caller.clock.sleep(pause)
    return attempt


def _once(caller: Caller, name: AttemptName, key: str | None) -> tuple[Attempt, float]:
    """Return how the attempt ended, and for how many seconds the service asks to wait."""
    # The account logs the name of a deployment: it is no marker, which stands in content only.
    mark = f"no-such-{caller.run.removeprefix(PREFIX)}-{secrets.token_hex(6)}"
    text = caller.marker()
    body: Json = {"messages": [{"role": "user", "content": text}], "max_completion_tokens": 16}
    model = next((d.name for d in caller.target.deployments if d.kind == "chat"), mark)
    started, asked = caller.clock.now(), 0.0
    skew = started - started
    try:
        offered = kinds.slots(caller.target)
        deployment, kind = offered[0]
        template = kinds.template(caller.target, kind, deployment.name)
        path = template.replace("{deployment-id}", mark)
        if path.startswith(kinds.V1_SURFACE):
            # The mark has to stand in the URL, by which the rows are found.
            path, body = f"{path}?{mark}", {"model": mark, **body}
        if name == "stored response":
            path, body = CANCEL.replace("{response-id}", mark), {}
        if name == "background response":
            # The gateway refuses the call; the query, which it ignores, marks its row.
            path = f"/v1/responses?check={mark}"
            body = {"model": model, "input": text, "background": True, "store": True}
            body["max_output_tokens"] = BRIEF_TOKENS
        response = caller.post(path, body, key)
        skew = clock_error(response, caller.clock.now())
        asked = retry_after(response)
        status, (code, message) = response.status_code, said(response)
        cause = f"HTTP {status}{f' {code}' if code else ''}: {message}"
    except httpx.RequestError as error:
        status, cause = 0, f"no answer: {type(error).__name__}"
    attempt = Attempt(
        name=name,
        expected=EXPECTED[name],
        mark=mark,
        started=started + skew,
        ended=caller.clock.now() + skew,
        status=status,
        cause=caller.clean(cause),
        key=SecretStr((key or "").removeprefix(BEARER) if name in SECRETS else ""),
    )
    return attempt, asked
