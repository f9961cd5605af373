"""What both commands share: the stack, its consumers, and how errors end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import httpx

from queries import outputs
from queries.check.configuration.manager import Manager
from queries.command_line import CANNOT_RUN, Parser
from queries.errors import CannotRunError
from queries.interrupts import INTERRUPTED
from queries.outputs import Target
from tools.keys.azure import Azure


class NothingError(CannotRunError):
    """The stack has no keys to hand out."""


def run(name: str, work: Callable[[], int]) -> int:
    """Return the exit status of `work`, 2 where it cannot run."""
    try:
        return work()
    except CannotRunError as error:
        return cannot_run(name, error)
    except KeyboardInterrupt:
        sys.stderr.write(f"{name}: interrupted; run it again, it goes on\n")
        return INTERRUPTED


def cannot_run(name: str, error: CannotRunError) -> int:
    """Say what kept a command or a consumer from it, and return the exit status."""
    fix = f"fix: {error.fix}\n" if error.fix else ""
    sys.stderr.write(f"{name}: {error}\n{fix}")
    return CANNOT_RUN


def stack(options: argparse.Namespace) -> Azure:
    """Return the stack's gateway and vault.

    Raises:
        CannotRunError: there is no stack, or it has no vault, or no keys.
    """
    if options.outputs:
        values = outputs.from_file(options.outputs)
    else:
        values = outputs.from_stack(options.stack)
    target = outputs.target(values)
    if not target.key_vault_id:
        raise NothingError(
            "the stack has no Key Vault, so there is nothing to hand keys to",
            "pulumi config set keyVault create, and pulumi up",
        )
    if target.consumer_keys == "refuse":
        raise NothingError("consumers call by tokens alone: there are no keys")
    manager = Manager(endpoint=target.management_endpoint, client=httpx.Client)
    return Azure(manager=manager, target=target)


def chosen(target: Target, names: Sequence[str]) -> list[str]:
    """Return the consumers of those names as the stack writes them; all for none.

    Raises:
        CannotRunError: a name that no active consumer has.
    """
    known = {one.lower(): one for one in target.consumers}
    if wrong := [name for name in names if name.lower() not in known]:
        raise CannotRunError(
            f"no active consumer {', '.join(wrong)}", f"there are {', '.join(known.values())}"
        )
    return list(dict.fromkeys(known[name.lower()] for name in names)) or list(target.consumers)


def parser(name: str, about: str, ends: str) -> Parser:
    """Make a parser that takes a stack and consumers."""
    made = Parser(name, about, ends)
    made.add_argument("consumers", metavar="CONSUMER", nargs="*", help="name in the stack file")
    made.add_source("the stack; default: the selected one")
    return made
