"""`python -m tools.adopt`: run it after a `pulumi up` that was cut off, before the next one."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from rich.console import Console

from queries.command_line import CANNOT_RUN, Parser, ask
from queries.errors import CannotRunError
from queries.interrupts import INTERRUPTED
from tools.adopt.engine import Engine
from tools.adopt.run import Adoption

PLAIN_WIDTH = 140
"""Width of the table, in columns, if there is no terminal."""
WAIT_MINUTES = 60.0
"""Minutes to wait for Azure: a classic gateway is created in up to 45.

https://learn.microsoft.com/azure/api-management/get-started-create-service-instance
"""


def main(arguments: list[str]) -> int:
    """Adopt resources, and return the exit status."""
    options = _parse(arguments)
    terminal = sys.stdout.isatty()
    asked = partial(ask, instead="give --yes, and --also for each resource that may be another's")
    adoption = Adoption(
        engine=Engine(stack=options.stack or ""),
        console=Console(width=None if terminal else PLAIN_WIDTH, highlight=False),
        agreed=(lambda _: True) if options.yes else asked,
        sure=(lambda _: False) if options.yes else asked,
        also=options.also,
        wait_seconds=options.wait * 60,
    )
    try:
        return adoption.run()
    except CannotRunError as error:
        sys.stderr.write(f"tools.adopt: {error}\n" + (f"fix: {error.fix}\n" if error.fix else ""))
        return CANNOT_RUN
    except KeyboardInterrupt:
        sys.stderr.write("tools.adopt: interrupted; run it again\n")
        return INTERRUPTED


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        "tools.adopt",
        "Find what the program would create and Azure has already, and take it into the stack.",
        "exit status: 0 adopted, or nothing to adopt, 1 declined, something was not adopted or "
        "could not be judged, or `pulumi up` would replace what was adopted, 2 could not run, "
        "130 interrupted",
    )
    parser.add_argument("--stack", metavar="NAME", help="stack; default: the selected one")
    parser.add_argument(
        "--yes", action="store_true", help="adopt without asking what is known to be the stack's"
    )
    parser.add_argument(
        "--also",
        metavar="NAME",
        action="append",
        default=[],
        help="adopt this one (the program's name for it, or its ARM id) though it may be another's",
    )
    parser.add_argument(
        "--wait",
        type=float,
        metavar="MIN",
        default=WAIT_MINUTES,
        help="minutes to wait for what Azure is still creating; default %(default)g",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
