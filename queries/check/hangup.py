"""A stream whose caller leaves half way, as callers do whose user has read enough."""

from __future__ import annotations

from queries.check import kinds, plans
from queries.check.calls import Caller
from queries.check.kinds import Planned
from queries.check.records import HungUp, OwnCall, Usage


def make(caller: Caller) -> list[HungUp]:
    """Call a deployment that streams, and hang up; nothing where none does, or has no room.

    A model may write on after that, so that it costs up to the most tokens of its answer; its
    prompt is like that of the stream that was read to its end, but for the marker.
    """
    streams = [one for one in caller.results if isinstance(one, OwnCall) and one.kind == "stream"]
    name = streams[0].deployment if streams else ""
    deployment = next((one for one in caller.target.deployments if one.name == name), None)
    if deployment is None:
        return []
    consumer = plans.caller_of(caller.target, deployment, "stream", 0)
    if consumer is None:
        return []
    planned = Planned(deployment=deployment, kind="stream", consumer=consumer, hangs_up=True)
    made = caller.call(planned)
    if not isinstance(made, OwnCall):
        caller.say(f"{planned.label}: {made.cause}")
        return []
    like = streams[0].usage
    prompt = like.prompt + len(made.marker) if like else len(made.request)
    completion = kinds.most_tokens(planned)
    most = Usage(prompt=prompt, completion=completion, total=prompt + completion)
    known = ("deployment", "label", "kind", "consumer", "started", "ended", "round", "marker")
    told = {field: getattr(made, field) for field in (*known, "response_id", "account_ids")}
    return [HungUp(most=most, **told)]
