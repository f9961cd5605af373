"""`python -m tools.leftovers`: run it after `pulumi destroy`, or whenever you want to know."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from rich.console import Console

from queries.command_line import CANNOT_RUN, Parser, ask_name
from queries.errors import CannotRunError
from queries.interrupts import INTERRUPTED
from tools.adopt.engine import Engine
from tools.leftovers.run import Leftovers


def main(arguments: list[str]) -> int:
    """Show what is left, remove it if asked, and return the exit status."""
    options = _parse(arguments)
    run = Leftovers(
        engine=Engine(stack=options.stack or ""),
        console=Console(highlight=False, soft_wrap=True),
        files=options.state,
        also=options.also,
        program=options.program,
        purge=options.purge,
        named=partial(ask_name, given=options.yes),
        export=options.export,
    )
    try:
        return run.run()
    except CannotRunError as error:
        sys.stderr.write(
            f"tools.leftovers: {error}\n" + (f"fix: {error.fix}\n" if error.fix else "")
        )
        return CANNOT_RUN
    except KeyboardInterrupt:
        sys.stderr.write("tools.leftovers: interrupted; run it again\n")
        return INTERRUPTED


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        "tools.leftovers",
        "Find what the stack has left in Azure: what still exists and is in no state, what Azure "
        "keeps though it is deleted, and until when. With --purge, remove it for good.",
        "exit status: 0 nothing is left, 1 something is left or kept, 2 could not run, 4 nothing "
        "was found, but something could not be read, 130 interrupted",
    )
    parser.add_argument("--stack", metavar="NAME", help="stack; default: the selected one")
    parser.add_argument(
        "--state",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a state that `pulumi stack export` wrote, or a copy that the backend keeps, the "
        "newest first: what it has, and no state of `pulumi` has, is taken for left",
    )
    parser.add_argument(
        "--program",
        action="store_true",
        help="look for what the program declares too: Azure may have made what no state has, as "
        "its answer was lost",
    )
    parser.add_argument("--purge", action="store_true", help="remove for good what is left")
    parser.add_argument(
        "--yes",
        metavar="NAME",
        action="append",
        default=[],
        help="say beforehand a name that --purge asks for: the stack's, and each workspace's",
    )
    parser.add_argument(
        "--also",
        metavar="ID",
        action="append",
        default=[],
        help="an ARM id that may be another's, and is the stack's",
    )
    parser.add_argument(
        "--export",
        metavar="FOLDER",
        type=Path,
        help="write each table of a workspace to a file before --purge ends it",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
