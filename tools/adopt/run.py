"""One adoption: look, show, ask, import; again until nothing more is found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import httpx
from rich.console import Console
from rich.table import Table

from queries.check.configuration.manager import Manager, UnreadableError
from queries.errors import CannotRunError
from tools.adopt import account, arm, import_file
from tools.adopt.engine import Engine
from tools.adopt.search import Found, Result, Search
from tools.adopt.stack import Plan, State

POLL_SECONDS = 15.0
DONE, UNCLEAR = 0, 1


@dataclass(kw_only=True)
class Adoption:
    """What it works with, so that a test can give its own."""

    engine: Engine
    console: Console
    agreed: Callable[[str], bool]
    """Ask the person; True to go on."""
    wait_seconds: float
    """How long to wait for what Azure is still working at."""
    manager: Callable[[str], Manager] = lambda endpoint: Manager(
        endpoint=endpoint, client=httpx.Client
    )
    sleep: Callable[[float], None] = time.sleep
    _adopted: dict[str, Found] = field(default_factory=dict)

    def run(self) -> int:
        """Adopt; the exit status.

        Raises:
            CannotRunError: Pulumi or Azure refuse.
        """
        while True:
            state, plan = self.engine.export(), self.engine.preview()
            search = self._search(state, plan)
            result = search.run(one for one in plan.created if one.provider in state.resources)
            if not result.found:
                break
            if again := result.found.keys() & self._adopted.keys():
                raise CannotRunError(f"still not in the stack after its import: {', '.join(again)}")
            self._show(result.found.values(), {one.urn for one in state.interrupted})
            if not self.agreed(f"Adopt {_counted(len(result.found))}?"):
                self.console.print("nothing was changed")
                return UNCLEAR
            self._wait(search, result)
            self._import(state, plan, result.found)
        left = self._settle(search, state, result)
        return self._conclude(state, plan, result, left)

    def _import(self, state: State, plan: Plan, found: dict[str, Found]) -> None:
        ids = {urn: one.id for urn, one in found.items()}
        if not ids:
            return
        if ids.keys() & state.resources.keys():
            self.engine.replace_state(state.made_room(ids))
        self.engine.take_in(import_file.build(plan, state, ids))
        self._adopted |= found

    def _search(self, state: State, plan: Plan) -> Search:
        endpoint = account.endpoint(plan.config)
        subscription = partial(account.subscription, state=state, config=plan.config)
        return Search(manager=self.manager(endpoint), subscription=subscription, state=state)

    def _show(self, found: Iterable[Found], interrupted: set[str]) -> None:
        table = Table("resource", "type", "how", "in Azure")
        for one in found:
            how = "interrupted" if one.urn in interrupted else "already there"
            where = f"{arm.name(one.id)}" + (f" ({one.state})" if one.busy else "")
            table.add_row(one.urn.rpartition("::")[2], one.type.partition(":")[2], how, where)
        self.console.print(table)

    def _wait(self, search: Search, result: Result) -> None:
        """Wait until Azure has ended its work at what was found, and forget what it took back.

        Raises:
            CannotRunError: it takes too long.
        """
        waited, told = 0.0, ""
        while busy := [one for one in result.found.values() if one.busy]:
            text = ", ".join(f"{arm.name(one.id)} is {one.state}" for one in busy)
            if waited >= self.wait_seconds:
                raise CannotRunError(f"Azure still works: {text}", "run this again later")
            if text != told:
                self.console.print(f"waiting for Azure: {text}")
                told = text
            self.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
            for one in busy:
                try:
                    now = search.again(one)
                except UnreadableError as error:
                    raise CannotRunError(f"Azure does not tell of {one.id}: {error}") from None
                result.found.pop(one.urn)
                if now is not None:
                    result.found[one.urn] = now

    def _settle(self, search: Search, state: State, result: Result) -> list[Found]:
        """Close the creations that were interrupted, as far as it is known how they ended.

        What Azure has of them and the program does not want any more stays open, and is returned.
        """
        interrupted = state.interrupted
        ended = search.run(interrupted)
        ours = {urn: one.get("id") for urn, one in state.resources.items()}
        left = [one for one in ended.found.values() if ours.get(one.urn) != one.id]
        result.unclear |= ended.unclear
        open_still = {*ended.unclear, *(one.urn for one in left)}
        settled = {one.urn for one in interrupted} - open_still
        if settled:
            self.engine.replace_state(state.without_interrupted(settled))
        return left

    def _conclude(self, state: State, plan: Plan, result: Result, left: list[Found]) -> int:
        show = partial(self.console.print, soft_wrap=True)
        unseen = [one for one in plan.created if not one.component]
        if number := sum(one.provider not in state.resources for one in unseen):
            why = "whose provider the stack lacks; `pulumi up` makes it first"
            show(f"not looked for: {_counted(number)} {why}")
        if lost := [urn.rpartition("::")[2] for urn in plan.lost(self._adopted)]:
            show(f"careful: `pulumi up` would replace {', '.join(lost)}; see its preview")
        for urn, why in result.unclear.items():
            show(f"not judged: {urn.rpartition('::')[2]}: {why}")
        for one in left:
            show(f"left over, and no longer wanted by the program; delete it in Azure: {one.id}")
        if self._adopted:
            show(f"adopted {_counted(len(self._adopted))}; `pulumi up` goes on from there")
        elif not (result.unclear or left):
            show("nothing to adopt: `pulumi up` goes on")
        return UNCLEAR if result.unclear or left else DONE


def _counted(number: int) -> str:
    return f"{number} resource{'' if number == 1 else 's'}"
