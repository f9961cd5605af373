"""Azure on one machine: run a command inside, open a shell, fill it, change it, list the rest."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal, get_args, get_origin

from pydantic import ValidationError

from sandbox import arm, changes
from sandbox.cloud import Cloud
from sandbox.errors import ArmError
from sandbox.options import Options
from sandbox.session import lock, session
from sandbox.stack import SessionError

GREETING = """\
Azure on one machine: nothing here reaches a real cloud. Its state lies in {folder}.
  pulumi preview | up | refresh | destroy        python -m queries.check --stack dev
`exit` leaves; the state stays for the next call with the same --dir.
"""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; return the exit status of the command run inside."""
    given = _parse(arguments)
    options = Options(**{field.name: getattr(given, field.name) for field in fields(Options)})
    shell = given.verb == "shell"
    if shell:
        sys.stderr.write(GREETING.format(folder=options.folder))
    try:
        if given.verb == "leftovers":
            return _leftovers(options)
        if given.verb == "traffic":
            return _traffic(options, given)
        if given.verb == "changes":
            return _changes(options, given.names)
        with session(options) as inside:
            if shell:  # its status is that of whatever was typed last
                _run([os.environ.get("SHELL", "/bin/sh")], inside)
                return 0
            return _run(given.command, inside)
    except (
        SessionError, OSError, ValidationError, changes.NothingToChangeError, ArmError
    ) as error:  # fmt: skip
        sys.stderr.write(f"sandbox: {error}\n")
        return 2


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    shared = argparse.ArgumentParser(add_help=False)
    for option in fields(Options):
        kind, meaning = get_args(option.type)
        flag = "dir" if option.name == "folder" else option.name.replace("_", "-")
        shared.add_argument(
            f"--{flag}",
            dest=option.name,
            type=Path if option.default is None else type(option.default),
            default=option.default,
            choices=get_args(kind) if get_origin(kind) is Literal else None,
            help=f"{meaning} (default %(default)s)",
        )
    parser = argparse.ArgumentParser("python -m sandbox", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", parents=[shared], help="run a command inside")
    run.add_argument("command", nargs="+", metavar="-- COMMAND")
    verbs.add_parser("shell", parents=[shared], help="open an interactive shell inside")
    verbs.add_parser("leftovers", parents=[shared], help="list what is live or soft-deleted")
    change = verbs.add_parser("changes", parents=[shared], help="change the deployed stack")
    change.add_argument("names", nargs="*", metavar="NAME", help="what to do; default: list all")
    traffic = verbs.add_parser("traffic", parents=[shared], help="fill a deployed stack with calls")
    traffic.add_argument("--days", type=int, default=14, help="days up to now (default 14)")
    more = "calls on a working day (default 250)"
    traffic.add_argument("--calls-per-day", type=int, default=250, metavar="N", help=more)
    ends = "time at which the calls end, ISO 8601 (default now)"
    traffic.add_argument("--until", type=_time, help=ends)
    return parser.parse_args(arguments)


def _time(text: str) -> datetime:
    """Read a time, which is UTC unless the text says otherwise."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time in ISO 8601") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run to the end, passing on the signals that a terminal does not deliver itself."""
    found = shutil.which(command[0], path=environment["PATH"])
    if found is None:
        raise SessionError(f"there is no command {command[0]}")
    process = subprocess.Popen([found, *command[1:]], env=environment)  # noqa: S603 that is the job

    def forward(number: int, _: FrameType | None) -> None:
        if number == signal.SIGTERM or not os.isatty(0):
            process.send_signal(number)

    signal.signal(signal.SIGINT, forward)
    signal.signal(signal.SIGTERM, forward)
    status = process.wait()
    return status if status >= 0 else 128 - status


def _leftovers(options: Options) -> int:
    """List what the cloud holds; return 1 if any of it is live."""
    _check_folder(options)
    cloud = Cloud(options.folder)
    live = [found for found in cloud.all() if found.type not in arm.OF_THE_TENANT]
    for title, resources in (("live", live), ("only soft-deleted", cloud.deleted())):
        lines = [f"  {resource.type}  {resource.name}\n" for resource in resources]
        sys.stdout.write(f"{title}: {len(lines)}\n{''.join(lines)}")
    return 1 if live else 0


def _changes(options: Options, names: list[str]) -> int:
    """Make the named changes one after another; without a name, list all changes."""
    if not names:
        sys.stdout.write(changes.listed())
        return 0
    unknown = [name for name in names if name not in changes.CHANGES]
    if unknown:
        raise SessionError(f"no change {', '.join(unknown)}: {', '.join(changes.CHANGES)}")
    _check_folder(options)
    with lock(options.folder):
        cloud = Cloud(options.folder)
        for name in names:
            touched = "".join(f"  {found}\n" for found in changes.apply(cloud, name))
            sys.stdout.write(f"{name}: {changes.CHANGES[name].about}\n{touched}")
    return 0


def _check_folder(options: Options) -> None:
    """Refuse a folder without a sandbox: a slip in --dir would look like an empty cloud."""
    if not options.folder.is_dir():
        raise SessionError(f"there is no sandbox in {options.folder}: give its --dir")


def _traffic(options: Options, given: argparse.Namespace) -> int:
    """Fill the deployed stack with the calls of its consumers."""
    from sandbox.traffic import fill  # noqa: PLC0415 slow, and of no use to the other verbs

    _check_folder(options)
    with lock(options.folder):
        done = fill(options, given.days, given.calls_per_day, given.until)
    sys.stdout.write(f"{done}\n")
    return 0


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Some threads still answer requests that nobody waits for; a normal exit breaks them in DuckDB.
    os._exit(ended)
