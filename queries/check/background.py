"""A response in the background, where the stack offers them: begun, read at its end, deleted."""

from __future__ import annotations

from typing import Any

import httpx

from queries.check import kinds, plans
from queries.check.answers import clock_error, refusal, unreachable
from queries.check.calls import ACCOUNT_ID_HEADERS, Caller
from queries.check.kinds import Planned
from queries.check.records import Background, OwnCall, Usage
from queries.contract import Deployment
from queries.outputs import RESPONSE

RUNNING = ("queued", "in_progress")
"""https://developers.openai.com/docs/guides/background#polling-background-responses"""
PAUSE, PATIENCE = 2.0, 120.0
"""Seconds between two readings, and after which a response has not ended in time."""


def make(caller: Caller) -> list[Background]:
    """Make a response in the background of a deployment that answers them, and read it.

    Nothing where the stack refuses them, or has no operation to read one.
    """
    target = caller.target
    if target.refuses_background or not target.offers(RESPONSE, "GET"):
        return []
    answering = [
        one.deployment
        for one in caller.results
        if isinstance(one, OwnCall) and one.kind == "responses"
    ]
    deployment = next((one for one in target.deployments if one.name in answering), None)
    consumer = plans.caller_of(target, deployment, "responses", 0) if deployment else None
    if deployment is None or consumer is None:
        return []
    planned = Planned(deployment=deployment, kind="responses", consumer=consumer)
    try:
        return [_made(caller, planned)]
    except (httpx.RequestError, ValueError, KeyError, TypeError, AttributeError) as error:
        caller.say(f"{_label(deployment)}: {caller.clean(str(error) or type(error).__name__)}")
        return []


def _made(caller: Caller, planned: Planned) -> Background:
    """Begin a response, read it until it has ended, and delete it.

    Raises:
        httpx.RequestError: no answer.
        ValueError: the gateway or the account refuses a call, or the answer is no response.
    """
    started, marker = caller.clock.now(), caller.marker()
    key = planned.consumer.sends()
    body = kinds.request(planned, marker, caller.target) | {"background": True, "store": True}
    path = kinds.path_of(caller.target, "responses", planned.deployment.name)
    begun = caller.post(path, body, key, mark=marker)
    skew = clock_error(begun, caller.clock.now())
    name = str(_answer(begun)["id"])
    place = RESPONSE.replace("{response-id}", name)
    try:
        end = _ended(caller, place, key, marker)
    finally:
        if caller.target.offers(RESPONSE, "DELETE"):
            _delete(caller, place, key, marker)
    ids = (begun.headers.get(header) for header in ACCOUNT_ID_HEADERS)
    usage = Usage.of(end["usage"]) if end.get("usage") else None
    prompt = len(body["input"])
    most = Usage(
        prompt=prompt,
        completion=kinds.COMPLETION_TOKENS,
        total=prompt + kinds.COMPLETION_TOKENS,
    )
    return Background(
        deployment=planned.deployment.name,
        label=_label(planned.deployment),
        kind="responses",
        consumer=planned.consumer.name,
        started=started + skew,
        ended=caller.clock.now() + skew,
        round=0,
        marker=marker,
        response_id=name,
        account_ids=frozenset(one for one in ids if one),
        usage=usage,
        most=usage or most,
    )


def _delete(caller: Caller, place: str, key: str, marker: str) -> None:
    """Delete the response, or say that the account keeps it, for 30 days.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses#delete-response
    """
    try:
        refused = refusal(caller.send("DELETE", place, key, mark=marker))
    except httpx.RequestError as error:
        refused = unreachable(error)
    if refused:
        name = place.rpartition("/")[2]
        caller.say(f"{name} is still stored, delete it: {caller.clean(refused.cause)}")


def _ended(caller: Caller, place: str, key: str, marker: str) -> dict[str, Any]:
    """Read the response until it runs no more, or for as long as the check's patience lasts."""
    begun = caller.clock.elapsed()
    while True:
        answer = _answer(caller.send("GET", place, key, mark=marker))
        late = caller.clock.elapsed() + PAUSE > min(begun + PATIENCE, caller.deadline)
        if answer.get("status") not in RUNNING or late:
            return answer
        caller.clock.sleep(PAUSE)


def _answer(response: httpx.Response) -> dict[str, Any]:
    """Return the response object of an answer.

    Raises:
        ValueError: it was refused, or holds none.
    """
    if refused := refusal(response):
        raise ValueError(refused.cause)
    body = response.json()
    if not isinstance(body, dict) or not body.get("id"):
        raise ValueError("HTTP 200, but no response of a model")
    return body


def _label(deployment: Deployment) -> str:
    return f"{deployment.name} (in the background)"
