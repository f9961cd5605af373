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
    parser.add_argument(
        "--consumer", metavar="NAME", help="a page of what this consumer alone used"
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--out", type=Path, metavar="FILE", help="page to write")
    place.add_argument(
        "--consumers",
        type=Path,
        metavar="FOLDER",
        help="folder to make, with a page for each consumer of what it alone used",
    )
    options = parser.parse_args(arguments)
    options.until = options.until or datetime.now(UTC)
    if options.account and (options.consumer is not None or options.consumers):
        parser.error("--account is for the page of all consumers: leave it out, or theirs")
    if options.out:
        _check_out(parser, options)
    elif options.consumer is not None:
        parser.error("--consumers is for all of them: name one with --consumer and --out")
    else:
        _check_folder(parser, options.consumers)
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
    if options.outputs and file.resolve() == options.outputs.resolve():
        parser.error(f"{str(file)!r} is the file of the outputs")
    if file.exists() and not file.is_file():
        parser.error(f"{str(file)!r} cannot be written: it is no file")
    _check_place(parser, file)


def _check_folder(parser: Parser, folder: Path) -> None:
    """Refuse what holds something: nobody's page of another day is left among the new ones."""
    _check_place(parser, folder, os.R_OK | os.W_OK)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        parser.error(f"{str(folder)!r} cannot be written: it is no empty or new folder")


def _check_place(parser: Parser, place: Path, rights: int = os.W_OK) -> None:
    folder = place.resolve().parent
    if not folder.is_dir():
        parser.error(f"{str(place)!r} cannot be written: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK) or (place.exists() and not os.access(place, rights)):
        parser.error(f"{str(place)!r} cannot be written: permission denied")
