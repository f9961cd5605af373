"""`python -m tools.rotate`: rotate consumers' keys, and keep them calling."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

import httpx

from queries.clock import Clock
from queries.command_line import CANNOT_RUN
from queries.errors import CannotRunError
from queries.workspace import LogAnalytics
from tools.keys import command
from tools.keys.azure import Azure
from tools.keys.proof import Gateway
from tools.keys.rotation import End, Rotation
from tools.keys.used import used

NAME = "tools.rotate"
STATUS: dict[End, int] = {"rotated": 0, "unproven": 1, "waiting": 3}
QUIET_HOURS = 24.0


def main(arguments: list[str]) -> int:
    """Rotate as far as callers let it, and return the exit status."""
    options = _parse(arguments)
    return command.run(NAME, lambda: _rotate(options))


def _rotate(options: argparse.Namespace) -> int:
    if bool(options.consumers) == options.all:
        raise CannotRunError("name consumers, or give --all: one of the two")
    azure = command.stack(options)
    names = command.chosen(azure.target, options.consumers)
    if not azure.target.every_call and not options.force:
        raise CannotRunError(
            f"samplingPercentage is {azure.target.sampling_percentage}, so the log does not tell "
            "who still calls with an old key",
            "pulumi config set samplingPercentage 100, pulumi up, and wait --quiet hours; or "
            "--force",
        )
    with httpx.Client() as client:
        ends = [_status_of(azure, name, client, options) for name in names]
    return max(ends, key=[0, 3, 1, CANNOT_RUN].index)


def _status_of(azure: Azure, name: str, client: httpx.Client, options: argparse.Namespace) -> int:
    """Rotate one consumer's keys; what keeps one from it keeps no other."""
    try:
        return STATUS[_one(azure, name, client, options)]
    except CannotRunError as error:
        return command.cannot_run(name, error)


def _one(azure: Azure, name: str, client: httpx.Client, options: argparse.Namespace) -> End:
    target, clock = azure.target, Clock()
    workspace = LogAnalytics(target.logs_endpoint, target.workspace_customer_id)
    gateway = Gateway(target=target, client=client, clock=clock)
    end = Rotation(
        azure=azure,
        consumer=name,
        quiet=timedelta(hours=options.quiet),
        force=options.force,
        used=lambda since, until: used(workspace, target, name, since, until),
        reached=gateway.reached,
        proven=gateway.proven,
        clock=clock,
        say=_say,
    ).run()
    _say(f"{name}: {end}")
    return end


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = command.parser(
        NAME,
        "Rotate consumers' keys without an outage: the secondary is made anew and put into the "
        "vault; once nobody calls with the primary any more, run it again, and the primary is made "
        "anew and put there. It can be cut off anywhere, and run again.",
        "exit status: 0 both keys of each are new, 1 a key is not taken or an old one still is, "
        "2 could not run, 3 callers have yet to move: run it again, 130 interrupted",
    )
    parser.add_argument("--all", action="store_true", help="rotate every active consumer")
    parser.add_argument(
        "--quiet",
        metavar="HOURS",
        type=float,
        default=QUIET_HOURS,
        help="hours that a key must be out of the vault and unused before it is made anew; default "
        f"{QUIET_HOURS:g}: longer than your callers keep a key, and than any of them rests",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="make both keys anew at once, whoever calls with them: for a key that has leaked",
    )
    options = parser.parse_args(arguments)
    if options.quiet < 0:
        parser.error("--quiet is a number of hours, 0 or more")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
