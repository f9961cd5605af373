"""One run: from the stack's outputs to the page."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from queries import outputs
from queries.clock import Clock
from queries.errors import CannotRunError
from queries.outputs import Target
from queries.report import page, period, questions
from queries.report.ask import Workspace, ask
from queries.report.facts import Facts
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
    asked = questions.of(target, covered, _account(options.account, target))
    answers = ask(asked, world.workspace(target), world.console, world.clock)
    facts = Facts(target=target, period=covered, answers=answers)
    world.console.print("drawing the page", highlight=False)
    name = options.stack or (options.outputs.name if options.outputs else "")
    if options.account:
        name = f"{name or 'the selected one'}, account {options.account} alone"
    page.write(page.render(facts, name, world.clock.now()), options.out)
    failed = sorted({answer.file for answer in answers.values() if answer.failed})
    if failed:
        said = ", ".join(failed)
        world.console.print(
            f"without an answer, as the page says: {said}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    world.console.print(f"written: {options.out}", markup=False, highlight=False, soft_wrap=True)
    return failed


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
