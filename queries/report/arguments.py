"""The command line of `python -m queries.report`."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from queries.command_line import Parser

LONGEST = 730
"""Days: the longest that the stack's workspace keeps its logs."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options; a wrong one ends the process with status 2 and one line."""
    parser = Parser(
        name="queries.report",
        description="Write one self-contained HTML page: tokens and cost by consumer and "
        "deployment, latency, errors, what is not known, top callers, safety.",
        epilog="exit status: 0 written, 2 could not run, 4 written without the answer to some "
        "question, 130 interrupted. It holds no prompt and "
        "no completion.",
    )
    parser.add_source("stack to report; default: the selected")
    parser.add_argument(
        "--days", type=_days, default=30, metavar="N", help="days to report; default 30"
    )
    parser.add_argument(
        "--until", type=_time, metavar="ISO", help="end of these days, UTC; default now"
    )
    parser.add_argument(
        "--account",
        default="",
        metavar="NAME",
        help="report what this one of several accounts answered, by its short name; default: all",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="page to write")
    options = parser.parse_args(arguments)
    options.until = options.until or datetime.now(UTC)
    _check_out(parser, options)
    return options


def _days(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= LONGEST):
        raise argparse.ArgumentTypeError(f"{value!r} is not a number of days from 1 to {LONGEST}")
    return int(value)


def _time(value: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{value!r} is not a date or time as in ISO 8601"
        ) from None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if time > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{value!r} lies in the future")
    return time


def _check_out(parser: Parser, options: argparse.Namespace) -> None:
    """Refuse what cannot be written now, not after all the queries."""
    file: Path = options.out
    folder = file.absolute().parent
    if options.outputs and file.resolve() == options.outputs.resolve():
        parser.error(f"{str(file)!r} is the file of the outputs")
    if file.exists() and not file.is_file():
        parser.error(f"{str(file)!r} cannot be written: it is no file")
    if not folder.is_dir():
        parser.error(f"{str(file)!r} cannot be written: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        parser.error(f"{str(file)!r} cannot be written: permission denied")
