"""The command line of `python -m queries.check`."""

from __future__ import annotations

import argparse
import ipaddress
import math
import sys
from pathlib import Path
from typing import get_args

from queries.check import brief_calls, limits
from queries.check.brief_calls import Depth
from queries.check.evidence import SETTLE
from queries.check.proofs import PROOFS
from queries.check.proofs.base import PART
from queries.check.results import same
from queries.command_line import Parser

DEFAULT_TIMEOUT = 120.0
"""Minutes: a new workspace may take two hours to receive its first rows.

https://learn.microsoft.com/azure/api-management/monitor-api-management
"""
GRACE = 60.0
"""Seconds after the timeout in which the last look ends; then the run does, whatever hangs."""
ONE_LOOK = 10 * 60.0
"""Seconds that the one look of `--no-traffic` may take: the service ends a query after 180."""


DEFAULT_DEPTH: Depth = "usual"


class _List(argparse.Action):
    def __call__(self, *_: object) -> None:
        """Print each proof with a line; end with exit status 0."""
        width = max(len(proof.id) for proof in PROOFS)
        sys.stdout.writelines(f"{proof.id:{width}}  {proof.about}\n" for proof in PROOFS)
        sys.exit(0)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options; a wrong one ends the process with status 2 and one line."""
    parser = Parser(
        name="queries.check",
        description="Call every deployment through the gateway, and find each call, whole, in the "
        "workspace.",
        epilog="exit status: 0 every proof that can be judged was seen, 1 a proof failed, 2 the "
        "check could not run, 3 rows had not arrived by the timeout, 4 nothing failed, but some "
        "proof could not be judged, 130 interrupted",
    )
    parser.add_source("stack to check; default: the selected one")
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="state of the stack, saved by pulumi stack export; needed beside --outputs",
    )
    parser.add_argument(
        "--timeout",
        type=_minutes,
        metavar="MIN",
        help=f"minutes to wait for rows; default {DEFAULT_TIMEOUT:.0f}, with --no-traffic one look "
        f"of at most {ONE_LOOK / 60:.0f}. The check ends {GRACE:.0f} s later, whatever hangs",
    )
    parser.add_argument(
        "--settle",
        type=_minutes,
        metavar="MIN",
        default=SETTLE.total_seconds() / 60,
        help="with capture: metadata, minutes without another row after which content counts as "
        "absent; default %(default)g",
    )
    parser.add_argument(
        "--depth",
        choices=get_args(Depth),
        default=DEFAULT_DEPTH,
        help="; ".join(f"{depth}: {brief_calls.said(depth)}" for depth in get_args(Depth)).replace(
            "%", "%%"
        )
        + "; default %(default)s",
    )
    parser.add_argument(
        "--limits",
        action="store_true",
        help=f"meet the limits of each plan as one of its consumers, {limits.SAID}",
    )
    parser.add_argument(
        "--sink",
        action="store_true",
        help="find the calls in the second copies of the logs too; needs the role Storage Blob "
        "Data Reader on their storage accounts",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write it as JUnit XML")
    parser.add_argument(
        "--no-traffic",
        action="store_true",
        help="make no call: judge the newest call of each deployment and kind of the last 24 "
        "hours. Weaker: rows are compared with each other, not with what a caller was told, and "
        "what none of those calls shows is skipped",
    )
    parser.add_argument(
        "--failover",
        action="store_true",
        help="call each of several accounts by name too, also a stand-by that no call reaches, and "
        "see a call go on from an account that does not answer; needs a role that may change the "
        "gateway, such as API Management Service Contributor",
    )
    parser.add_argument(
        "--caller-ip", type=_address, metavar="IP", help="address the rows must show"
    )
    parser.add_argument(
        "--allow",
        action="append",
        type=_proof,
        metavar="ID",
        default=[],
        help="accept that a proof, or PROOF/PART, could not be judged, as this identity is meant "
        "not to read what it needs; may be given several times",
    )
    parser.add_argument("--list", action=_List, nargs=0, help="name the proofs, and end")
    options = parser.parse_args(arguments)
    if options.failover and options.no_traffic:
        parser.error("--failover makes calls, and --no-traffic makes none")
    _truncate_result_files(parser, options)
    options.grace = GRACE
    if options.timeout is None and options.no_traffic:
        options.timeout, options.grace = 0.0, ONE_LOOK
    elif options.timeout is None:
        options.timeout = DEFAULT_TIMEOUT
    return options


def _minutes(value: str) -> float:
    try:
        minutes = float(value)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number of minutes")
    return minutes


def _truncate_result_files(parser: Parser, options: argparse.Namespace) -> None:
    """Truncate the result files, so that a path that cannot be written fails at once."""
    for file in filter(None, (options.json, options.junit)):
        for given, what in ((options.outputs, "outputs"), (options.state, "state")):
            if same(file, given):
                parser.error(f"{str(file)!r} is the file of the {what}")
        try:
            file.write_text("", encoding="utf-8")
        except OSError as error:
            parser.error(f"{str(file)!r} cannot be written: {error.strerror}")


def _proof(value: str) -> str:
    """Return a proof's name, or one of its parts behind a slash: reading makes parts known."""
    name, _, _ = value.partition(PART)
    known = [proof.id for proof in PROOFS]
    if name.partition(":")[0] not in known:
        raise argparse.ArgumentTypeError(f"{name!r} is no proof; there are {', '.join(known)}")
    return value


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is not an IP address") from None
