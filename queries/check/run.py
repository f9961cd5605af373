"""One run of the check, from the outputs to the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import httpx
from rich.console import Console

from queries import outputs
from queries.check import doors, failover, keys, operations
from queries.check.calls import Caller
from queries.check.configuration.deployed import Configuration
from queries.check.configuration.manager import Manager
from queries.check.copied import Reader
from queries.check.display import Display
from queries.check.doors import Doors
from queries.check.drift import source
from queries.check.evidence import AsDeployed, Evidence
from queries.check.modes import CallsOfOthers, Mode, OwnCalls
from queries.check.report import Report
from queries.check.traffic import Traffic
from queries.check.watch import Watch
from queries.clock import Clock
from queries.errors import CannotRunError
from queries.interrupts import TimeUpError, released
from queries.library import render
from queries.outputs import Target
from queries.workspace import LogAnalytics, NotYetError

LAST_WORDS = 5.0
"""Seconds before the run's end up to which something is still asked."""
NO_COPY_FIX = "docs/copies.md says how to make one; or leave out --sink"
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
    blobs: Callable[[str], Reader]
    """Opens the storage account that serves its blobs there."""
    released: Callable[[float], AbstractContextManager[None]] = lambda _: nullcontext()
    """Lets Ctrl-C and, after some seconds, the end of the time break off what runs inside."""


def real_world() -> World:
    """Return the network, Log Analytics, this machine's clock and its terminal."""
    return World(
        console=Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH),
        clock=Clock(),
        client=httpx.Client,
        workspace=lambda target: LogAnalytics(target.logs_endpoint, target.workspace_customer_id),
        manager=lambda target: Manager(endpoint=target.management_endpoint, client=httpx.Client),
        blobs=_blobs,
        released=released,
    )


def _blobs(endpoint: str) -> Reader:
    from queries.blobs import Blobs  # noqa: PLC0415 slow, and most runs read no copy

    return Blobs(endpoint)


def check(options: argparse.Namespace, world: World) -> Report:
    """Run, and say how it went; no error but a bug leaves this function."""
    report, begun = Report(), world.clock.elapsed()
    try:
        with world.released(options.timeout * 60 + options.grace):
            _prove(options, world, report, begun + options.timeout * 60)
    except CannotRunError as error:
        report.stop(str(error), error.fix, verdict=error.verdict)
    except TimeUpError:
        report.time_up()
    except KeyboardInterrupt:
        report.interrupt()
    report.seconds = round(world.clock.elapsed() - begun, 3)
    return report


def _prove(options: argparse.Namespace, world: World, report: Report, deadline: float) -> None:
    target, manager = _target(options, world, deadline + options.grace - LAST_WORDS)
    configuration = Configuration(target=target, manager=manager)
    with world.client() as client, Display(world.console, world.clock) as display:
        caller = Caller(
            target=target,
            client=client,
            clock=world.clock,
            deadline=deadline,
            depth=options.depth,
            say=display.say,
            tracing=partial(failover.token, manager, target) if options.failover else None,
        )
        mode = _mode(options, caller)
        report.doing = "asking account and gateway whether they answer this machine"
        met = _doors(mode, target, client, display)
        watch = _watch(options, world, mode, target, deadline, display)
        try:
            _look(options, report, configuration, watch, met)
            if options.sink and watch.verdicts:
                report.doing = "reading the second copies"
                display.say(report.doing)
                watch.copies(world.blobs)
        except (KeyboardInterrupt, TimeUpError):
            if not watch.verdicts:
                watch.evidence = replace(watch.evidence, traffic=mode.traffic)
                watch.judge()
            raise
        finally:
            if watch.verdicts:
                report.judge(watch.proofs, watch.verdicts, options.allow)
        if report.verdict != "proven" and target.every_call:
            report.doing = "reading the deployed configuration"
            display.say(report.doing)
            _explain(report, configuration, watch.evidence)


def _look(
    options: argparse.Namespace,
    report: Report,
    configuration: Configuration,
    watch: Watch,
    met: Doors | None,
) -> None:
    """Make the calls, read what is deployed, and wait for the rows."""
    mode = watch.mode
    if isinstance(mode, OwnCalls) and configuration.target.every_call:
        report.doing = "asking the workspace for the first time"
        _try_to_read(watch.workspace, mode.traffic)
        report.doing = "calling the deployments"
        mode.call()
    report.doing = "reading the deployed configuration"
    deployed = _deployed(configuration, options, met)
    watch.evidence = replace(watch.evidence, traffic=mode.traffic, deployed=deployed)
    report.doing = "waiting for an answer of the workspace"
    watch.run()


def _doors(mode: Mode, target: Target, client: httpx.Client, display: Display) -> Doors | None:
    """Ask what the stack closes, and say where this machine stands.

    Raises:
        CannotRunError: it is to make calls, and the gateway lets none of it in.
    """
    met = doors.knock(target, client)
    if met is None:
        return None
    display.say(f"this machine stands {met.place}")
    if met.outside and isinstance(mode, OwnCalls):
        raise CannotRunError(
            "the gateway is closed to this machine, which stands outside of its network",
            "run the check on a machine inside, or with --no-traffic here",
        )
    return met


def _mode(options: argparse.Namespace, caller: Caller) -> Mode:
    begun = caller.clock.now()
    if options.no_traffic:
        return CallsOfOthers(begun)
    return OwnCalls(caller, begun, limits=options.limits)


def _watch(
    options: argparse.Namespace,
    world: World,
    mode: Mode,
    target: Target,
    deadline: float,
    display: Display,
) -> Watch:
    evidence = Evidence(
        target=target,
        traffic=mode.traffic,
        settle=timedelta(minutes=options.settle),
        caller_ip=options.caller_ip or "",
    )
    return Watch(
        mode=mode,
        evidence=evidence,
        proofs=mode.proofs(target),
        workspace=world.workspace(target),
        clock=world.clock,
        deadline=deadline,
        grace=options.grace - LAST_WORDS,
        show=display.show,
    )


def _target(options: argparse.Namespace, world: World, end: float) -> tuple[Target, Manager]:
    if options.outputs:
        values = outputs.from_file(options.outputs)
    else:
        values = outputs.from_stack(options.stack, end - world.clock.elapsed())
    target = outputs.target(values)
    if options.sink and not target.copies:
        raise CannotRunError("the stack has no second copy", NO_COPY_FIX)
    manager = world.manager(target)
    manager.deadline = end
    target = operations.find(target, manager)
    if options.no_traffic:
        return target, manager
    return keys.find(target, values, manager, world.clock.now()), manager


def _try_to_read(workspace: LogAnalytics, traffic: Traffic) -> None:
    """Find out that nobody is logged in before calls are paid for."""
    with suppress(NotYetError):
        workspace.query(render("metrics", since=traffic.since, until=traffic.until))


def _deployed(
    configuration: Configuration, options: argparse.Namespace, met: Doors | None
) -> AsDeployed | None:
    """Return what no call can show is proven by the deployed configuration."""
    if not configuration.target.every_call:
        return None
    return AsDeployed(
        audit=configuration.audit(),
        declared=configuration.declared(),
        remarks=tuple(configuration.remarks()),
        streams=configuration.streams(),
        products=configuration.products(),
        revision=configuration.revision(),
        drift=source.drift(
            configuration.manager, stack=options.stack, outputs=options.outputs, file=options.state
        ),
        routes=configuration.routes(),
        access=configuration.access(),
        account_closed=configuration.account_closed(met),
        gateway_closed=configuration.gateway_closed(met),
    )


def _explain(report: Report, configuration: Configuration, evidence: Evidence) -> None:
    """List every difference, also those that the proofs by the configuration rest on."""
    differences, unreadable = configuration.compared()
    report.differences = list(differences)
    report.unreadable = {**configuration.unreadable, **unreadable}
    if deployed := evidence.deployed:
        drifted = deployed.drift.of("drift") if deployed.drift else []
        report.differences += [finding.difference for finding in drifted]
        found = (deployed.routes, deployed.access, deployed.account_closed, deployed.gateway_closed)
        report.differences += [one for each in found for one in each.differences]
