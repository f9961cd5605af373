"""One run of the check, from the outputs to the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import httpx
from rich.console import Console

from queries import outputs
from queries.check import attempts, keys, kinds, observe, proofs
from queries.check.calls import Caller, Failed
from queries.check.configuration import Configuration
from queries.check.configuration.manager import Manager
from queries.check.display import Display
from queries.check.evidence import Evidence
from queries.check.records import Call
from queries.check.report import Report
from queries.check.watch import Watch
from queries.clock import Clock
from queries.errors import CannotRunError
from queries.library import render
from queries.outputs import Target
from queries.workspace import LogAnalytics, NotYetError

PLAIN_WIDTH = 140
"""Columns of the summary where no terminal says how many it has."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What lies outside the check, so that a test can give its own."""

    console: Console
    clock: Clock
    client: Callable[[], httpx.Client]
    workspace: Callable[[Target], LogAnalytics]
    manager: Callable[[Target], Manager]


def real_world() -> World:
    """The network, Log Analytics, this machine's clock and its terminal."""
    return World(
        console=Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH),
        clock=Clock(),
        client=httpx.Client,
        workspace=lambda target: LogAnalytics(target.logs_endpoint, target.workspace_customer_id),
        manager=lambda target: Manager(endpoint=target.management_endpoint, client=httpx.Client),
    )


def check(options: argparse.Namespace, world: World) -> Report:
    """Run, and say how it went; no error but a bug leaves this function."""
    report, begun = Report(), world.clock.elapsed()
    try:
        _prove(options, world, report, begun + options.timeout * 60)
    except CannotRunError as error:
        report.stop(str(error), error.fix, verdict=error.verdict)
    except KeyboardInterrupt:
        report.interrupt()
    report.seconds = round(world.clock.elapsed() - begun, 3)
    return report


def _prove(options: argparse.Namespace, world: World, report: Report, deadline: float) -> None:
    found, manager = _target(options, world)
    applicable = (proofs.without_traffic if options.no_traffic else proofs.of)(found)
    workspace, now = world.workspace(found), world.clock.now()
    configuration = Configuration(target=found, manager=manager)
    evidence = Evidence(
        target=found,
        since=now,
        until=now,
        settle=timedelta(minutes=options.settle),
        caller_ip=options.caller_ip or "",
    )
    with (
        world.client() as client,
        Display(world.console, applicable, world.clock) as display,
    ):
        caller = Caller(
            target=found, client=client, clock=world.clock, deadline=deadline, say=display.say
        )
        watch = Watch(
            proofs=applicable,
            workspace=workspace,
            clock=world.clock,
            deadline=deadline,
            show=display.show,
            call_again=None if options.no_traffic else lambda: _again(caller, evidence),
        )
        try:
            if options.no_traffic:
                evidence.since -= observe.WINDOW
            elif found.every_call:
                _try_to_read(workspace, evidence)
                _call_all(caller, evidence)
            _read_settings(configuration, evidence)
            watch.run(evidence)
        except KeyboardInterrupt:
            if not watch.verdicts:
                _take(caller, evidence)
                watch.judge(evidence)
            raise
        finally:
            if watch.verdicts:
                report.judge(applicable, watch.verdicts)
        if report.verdict != "proven" and found.every_call:
            display.say("looking at the deployed configuration")
            report.differences = configuration.differences()
            report.unreadable = configuration.unreadable


def _target(options: argparse.Namespace, world: World) -> tuple[Target, Manager]:
    if options.outputs:
        values = outputs.from_file(options.outputs)
    else:
        values = outputs.from_stack(options.stack)
    found = outputs.target(values)
    manager = world.manager(found)
    return found if options.no_traffic else keys.find(found, values, manager), manager


def _try_to_read(workspace: LogAnalytics, evidence: Evidence) -> None:
    """Find out that nobody is logged in before calls are paid for."""
    with suppress(NotYetError):
        workspace.query(render("metrics", since=evidence.since, until=evidence.until))


def _call_all(caller: Caller, evidence: Evidence) -> None:
    caller.all()
    _take(caller, evidence)
    if evidence.calls:
        evidence.add_attempts(attempts.make(caller))


def _take(caller: Caller, evidence: Evidence) -> None:
    """The first round, as far as it has come."""
    failed = [one for one in caller.results if isinstance(one, Failed)]
    evidence.marker = caller.run
    evidence.failed_calls = [(one.label, one.cause, one.fix) for one in failed]
    evidence.left_out = {**kinds.left_out(evidence.target), **caller.left_out}
    evidence.calls = []
    evidence.add([call for call in caller.results if isinstance(call, Call)])


def _read_settings(configuration: Configuration, evidence: Evidence) -> None:
    """What no call can show is proven by the deployed configuration."""
    if evidence.target.every_call:
        evidence.configured = True
        evidence.audit_differences = configuration.audit()
        evidence.declared_differences = configuration.unseen()
        evidence.remarks = configuration.remarks()
        evidence.stream_differences = configuration.streams()
        evidence.unreadable = ", ".join(dict.fromkeys(configuration.unreadable.values()))


def _again(caller: Caller, evidence: Evidence) -> None:
    """One more round; one that is not answered as a whole proves nothing, and is left out."""
    caller.say("rows are missing; calling again, as settings may have begun to act since")
    results = caller.all()
    calls = [call for call in results if isinstance(call, Call)]
    if len(calls) == len(results):
        evidence.add(calls)
        evidence.add_attempts(attempts.make(caller))
