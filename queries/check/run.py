"""One run of the check, from the outputs to the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
from rich.console import Console

from queries.check import observe, outputs, proofs
from queries.check.calls import Caller, Failed
from queries.check.clock import Clock, SystemClock
from queries.check.display import Display
from queries.check.errors import CannotRunError
from queries.check.evidence import SLACK, Call, Evidence
from queries.check.outputs import Target
from queries.check.report import INTERRUPTED, Report
from queries.check.watch import Watch
from queries.check.workspace import LogAnalytics, Workspace

PLAIN_WIDTH = 140
"""Columns of the summary where no terminal says how many it has."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What lies outside the check, so that a test can give its own."""

    console: Console
    clock: Clock
    client: Callable[[], httpx.Client]
    workspace: Callable[[Target], Workspace]


def real_world() -> World:
    """The network, Log Analytics, this machine's clock and its terminal."""
    return World(
        console=Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH),
        clock=SystemClock(),
        client=httpx.Client,
        workspace=lambda target: LogAnalytics(target.logs_endpoint, target.workspace_customer_id),
    )


def check(options: argparse.Namespace, world: World) -> Report:
    """Run, and say how it went; no error but a bug leaves this function."""
    report, begun = Report(), world.clock.elapsed()
    try:
        _prove(options, world, report, begun + options.timeout * 60)
    except CannotRunError as error:
        report.stop(str(error), error.fix)
    except KeyboardInterrupt:
        report.stop("interrupted", status=INTERRUPTED)
    report.seconds = round(world.clock.elapsed() - begun, 3)
    return report


def _prove(options: argparse.Namespace, world: World, report: Report, deadline: float) -> None:
    found = _target(options)
    applicable = proofs.of(found)
    workspace = world.workspace(found)
    with Display(world.console, applicable, world.clock) as display:
        watch = Watch(
            proofs=applicable,
            workspace=workspace,
            clock=world.clock,
            deadline=deadline,
            show=display.show,
            traffic=not options.no_traffic,
        )
        try:
            if options.no_traffic:
                evidence = _past(found, world.clock)
            else:
                evidence = _made(found, world, deadline, display.say)
            evidence.caller_ip = options.caller_ip or ""
            watch.run(evidence)
        finally:
            if watch.verdicts:
                report.judge(applicable, watch.verdicts)


def _target(options: argparse.Namespace) -> Target:
    if options.outputs:
        values = outputs.from_file(options.outputs)
    else:
        values = outputs.from_stack(options.stack)
    return outputs.target(values, traffic=not options.no_traffic)


def _past(found: Target, clock: Clock) -> Evidence:
    now = clock.now()
    return Evidence(target=found, calls=[], since=now - observe.WINDOW, until=now)


def _made(found: Target, world: World, deadline: float, say: Callable[[str], None]) -> Evidence:
    """Call every deployment; the window of time is the calls' own, from its minute's start."""
    begun = world.clock.now()
    with world.client() as client:
        caller = Caller(target=found, client=client, clock=world.clock, deadline=deadline, say=say)
        results = [caller.call(deployment) for deployment in found.deployments]
    calls = [result for result in results if isinstance(result, Call)]
    for call in calls:
        say(f"{call.deployment}: answered, {call.usage} tokens, marker {call.marker}")
    first = min((call.started for call in calls), default=begun) - SLACK
    return Evidence(
        target=found,
        calls=calls,
        since=first.replace(second=0, microsecond=0),
        until=max((call.ended for call in calls), default=begun) + SLACK + timedelta(seconds=1),
        failed_calls=[(r.deployment, r.cause, r.fix) for r in results if isinstance(r, Failed)],
        marker=caller.run,
    )
