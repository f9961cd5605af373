"""One run: from the stack's outputs to the page."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from queries import outputs
from queries.clock import Clock
from queries.errors import CannotRunError
from queries.outputs import Target
from queries.report import consumers, page, period, questions
from queries.report.ask import Answer, Workspace, ask
from queries.report.facts import Facts
from queries.report.questions import Question
from queries.workspace import LogAnalytics


@dataclass(frozen=True, kw_only=True)
class World:
    """What lies outside the report, so that a test can give its own."""

    console: Console
    clock: Clock
    workspace: Callable[[Target], Workspace]


def real_world() -> World:
    """Log Analytics, this machine's clock, and its terminal on standard error."""
    return World(
        console=Console(stderr=True),
        clock=Clock(),
        workspace=lambda target: LogAnalytics(target.logs_endpoint, target.workspace_customer_id),
    )


def run(options: argparse.Namespace, world: World) -> list[str]:
    """Ask, draw, write; return the files of the questions that had no answer.

    Raises:
        CannotRunError: no outputs, no permission, no answer, or the page cannot be written.
    """
    found = (
        outputs.from_file(options.outputs) if options.outputs else outputs.from_stack(options.stack)
    )
    target = outputs.target(found)
    covered = period.of(options.days, options.until)
    put = partial(ask, workspace=world.workspace(target), console=world.console, clock=world.clock)
    name = options.stack or (options.outputs.name if options.outputs else "")
    if options.account:
        name = f"{name or 'the selected one'}, account {options.account} alone"
    if options.consumer is None and not options.consumers:
        answers = put(questions.of(target, covered, _account(options.account, target)))
        world.console.print("drawing the page", highlight=False)
        facts = Facts(target=target, period=covered, answers=answers)
        page.write(page.render(facts, name, world.clock.now()), options.out)
    else:
        answers = _of_consumers(options, target, covered, put, world)
    failed = sorted({answer.file for answer in answers.values() if answer.failed})
    if failed:
        said = ", ".join(failed)
        world.console.print(
            f"without an answer, as the page says: {said}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    written = options.out or options.consumers
    world.console.print(f"written: {written}", markup=False, highlight=False, soft_wrap=True)
    return failed


def _of_consumers(
    options: argparse.Namespace,
    target: Target,
    covered: period.Period,
    put: Callable[[Mapping[str, Question]], dict[str, Answer]],
    world: World,
) -> dict[str, Answer]:
    """Write the page of the consumer that is named, or all; return the answers."""
    name = ""
    if options.consumer is not None:
        names = consumers.known(target, [])
        if options.consumer.lower() not in names:
            (called,) = put(questions.names(target, covered)).values()
            names = consumers.known(target, called.rows)
        name = consumers.the_one(options.consumer, names)
    asked = questions.of_consumers(target, covered, name)
    answers = put(asked)
    pages = consumers.each(Facts(target=target, period=covered, answers=answers), asked)
    if name:
        page.write(page.render(pages[name.lower()], "", world.clock.now()), options.out)
    else:
        consumers.publish(pages, options.consumers, world.clock.now(), world.console)
    return answers


def _account(name: str, target: Target) -> str:
    """Return the short name of an account, as the stack has it.

    Raises:
        CannotRunError: the stack has no such account.
    """
    known = [one.name for one in target.accounts]
    if name and name not in known:
        said = ", ".join(known) or "none by a short name"
        raise CannotRunError(f"the stack has no account {name!r}", f"give one of: {said}")
    return name
