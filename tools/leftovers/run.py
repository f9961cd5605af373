"""Show what a stack has left, ask, and remove it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from rich.console import Console

from queries.check.configuration.manager import Manager
from queries.command_line import NOT_WHOLE
from queries.errors import CannotRunError
from tools.adopt import account
from tools.adopt.arm import folded, name
from tools.adopt.engine import Engine
from tools.adopt.search import Result, Search
from tools.adopt.stack import Plan, State
from tools.leftovers import history
from tools.leftovers.export import Export
from tools.leftovers.look import Left, Look
from tools.leftovers.owned import WORKSPACE, Known, known
from tools.leftovers.purge import Purge

NOTHING, SOMETHING = 0, 1


@dataclass(kw_only=True)
class Leftovers:
    """One run, and all that it works with, so that a test can give its own."""

    engine: Engine
    console: Console
    files: Sequence[Path] = ()
    also: Sequence[str] = ()
    program: bool = False
    """Whether to look for what the program declares, too."""
    purge: bool = False
    named: Callable[[str, str], bool] = lambda _, __: False
    """Asks the person to type a name, the second argument; True if that was typed."""
    export: Path | None = None
    manager: Callable[[str], Manager] = lambda endpoint: Manager(
        endpoint=endpoint, client=httpx.Client
    )

    def run(self) -> int:
        """Look, purge if asked, look again, and return the exit status.

        Raises:
            CannotRunError: Pulumi or Azure refuses, or nobody can be asked.
        """
        config = self._config()
        manager = self.manager(account.endpoint(config))
        held, current, why = self._states()
        look = partial(self._look, manager, held, current, Plan(steps=[], config=config))
        found = look()
        if self.purge and (found.left or any(one.ours for one in found.kept)):
            self._purge(found, manager, config)
            found = look()
        if why:
            self.console.print(why)
        return self._status(found, why)

    def _look(self, manager: Manager, held: Known, current: State | None, plan: Plan) -> Left:
        """Look for what is left, and show it.

        Raises:
            CannotRunError: the preview fails.
        """
        begun = self._interrupted(manager, current, plan)
        declared = self._declared(manager) if self.program else Result()
        found = Look(
            manager=manager,
            known=held,
            lost=bool(self.files),
            interrupted=begun.found.values(),
            declared=declared.found.values(),
            also=frozenset(map(folded, self.also)),
            found=Left(unread={**begun.unclear, **declared.unclear}),
        ).run()
        self._show(found)
        return found

    def _status(self, found: Left, why: str) -> int:
        if found.something:
            return SOMETHING
        return NOT_WHOLE if found.unread or why else NOTHING

    def _states(self) -> tuple[Known, State | None, str]:
        """Return what is known of the stack, its current state, and what could not be read."""
        if not self.files:
            states, why = history.states(self.engine)
            return known(states[0], states[1:]), states[0], why
        given = [history.read(file) for file in self.files]
        try:
            current = self.engine.export()
        except CannotRunError:  # `pulumi stack rm` has taken the stack away
            return known(None, given), None, ""
        return known(current, given), current, ""

    def _config(self) -> dict[str, str]:
        """Return the stack's configuration; none of a stack that is known by `files` alone.

        Raises:
            CannotRunError: Pulumi fails, and no file was given.
        """
        try:
            return self.engine.config()
        except CannotRunError:
            if not self.files:
                raise
            return {}

    def _interrupted(self, manager: Manager, state: State | None, plan: Plan) -> Result:
        """Find what creations that were cut off have made."""
        if state is None or not state.interrupted:
            return Result()
        subscription = partial(account.subscription, state=state, plan=plan)
        search = Search(manager=manager, subscription=subscription, state=state)
        return search.run(state.interrupted)

    def _declared(self, manager: Manager) -> Result:
        """Find what the program would create and Azure has, as `tools.adopt` does.

        Raises:
            CannotRunError: the preview fails.
        """
        state, plan = self.engine.export(), self.engine.preview()
        subscription = partial(account.subscription, state=state, plan=plan)
        return Search(manager=manager, subscription=subscription, state=state).run(plan.created)

    def _show(self, found: Left) -> None:
        show = self.console.print
        if found.deployed:
            show(f"{found.deployed} resources are deployed: `pulumi destroy --run-program` first")
        for one, why in found.left.values():
            show(f"left: {one.id}\n  {why}")
        for one, why in found.unsure.values():
            show(f"left, or another's: {one.id}\n  {why}; if it is this stack's: --also '{one.id}'")
        for kept in found.kept:
            whose = "" if kept.ours else ", of a later one of that name: another's"
            show(f"kept until {kept.until}{whose}: {kept.owned.id}")
        for group, others in found.others.items():
            if others:
                show(f"not the stack's, in {group}: {', '.join(others)}")
        for path, why in found.unread.items():
            show(f"not known: {path}\n  {why}")
        if found.nothing:
            show("nothing is left")

    def _purge(self, found: Left, manager: Manager, config: dict[str, str]) -> None:
        """Ask for the stack's name, then for each workspace's, and remove.

        Raises:
            CannotRunError: the stack's name was not typed.
        """
        stack = self.engine.stack or self.engine.name()[1]
        question = "Everything listed as left or kept is removed for good. Type the stack's name"
        if not self.named(question, stack):
            raise CannotRunError("the stack's name was not typed: nothing was removed")
        ends = "and every row of log in it ends with it, for ever. Type its name again"
        spaces = [one for one, _ in found.left.values()] + [one.owned for one in found.kept]
        agreed = {
            one.key: self.named(f"The workspace {name(one.id)} is removed, {ends}", name(one.id))
            for one in spaces
            if one.type == WORKSPACE
        }
        purge = Purge(
            manager=manager,
            found=found,
            workspaces=lambda path: agreed.get(folded(path), False),
            told=self.console.print,
        )
        if self.export:
            purge.before = Export(manager=manager, folder=self.export, config=config).run
        for path, why in purge.run().items():
            if why:
                self.console.print(f"not removed: {path}\n  {why}")
