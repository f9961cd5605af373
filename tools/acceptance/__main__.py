"""`make acceptance`: for a person with a subscription, and in the sandbox for everybody."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from queries.command_line import CANNOT_RUN, Parser, ask
from queries.errors import CannotRunError
from queries.interrupts import INTERRUPTED
from sandbox import beliefs
from sandbox.arm.cognitive import MODELS
from sandbox.cloud import SUBSCRIPTION_ID
from tools.acceptance import compare, prices, report
from tools.acceptance.events import Outcome
from tools.acceptance.plan import ROOT, TIER, Plan

HOURS_WITHOUT_ROWS = 1.0
"""A v2 gateway takes minutes to make, and all else too; deleting it may take longer.

https://learn.microsoft.com/azure/api-management/v2-service-tiers-overview
"""
DEFAULT_TIMEOUT = 120.0
"""Minutes: as of the check itself."""

console = Console(highlight=False, soft_wrap=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options; a wrong one ends the process with status 2 and one line."""
    parser = Parser(
        name="tools.acceptance",
        description="Deploy the stack into a resource group of its own, check it, change it, "
        "delete and purge it, and tell where Azure and the sandbox differ.",
        epilog="exit status: 0 Azure is as the sandbox says, 1 it differs, 2 could not run or "
        "could not go on, 3 something is left behind, 130 interrupted",
    )
    given = os.environ.get("ARM_SUBSCRIPTION_ID") or os.environ.get("AZURE_SUBSCRIPTION_ID")
    parser.add_argument(
        "--subscription",
        metavar="ID",
        default=given,
        help="default: that of ARM_SUBSCRIPTION_ID, or of AZURE_SUBSCRIPTION_ID",
    )
    parser.add_argument(
        "--location", metavar="REGION", default="eastus", help="region; default %(default)s"
    )
    parser.add_argument(
        "--email",
        metavar="ADDRESS",
        default="acceptance@example.com",
        help="administrator of the gateway; default %(default)s",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=DEFAULT_TIMEOUT,
        metavar="MIN",
        help="minutes to wait for rows; default %(default)g",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        default=Path(".acceptance"),
        help="where its files lie; default %(default)s",
    )
    parser.add_argument(
        "--seen",
        type=Path,
        metavar="FILE",
        default=beliefs.SEEN,
        help="where beliefs are noted as seen on Azure; default sandbox/beliefs/seen.json",
    )
    parser.add_argument("--yes", action="store_true", help="go on without asking")
    options = parser.parse_args(arguments)
    if not options.subscription:
        parser.error("--subscription is missing: az account show --query id")
    return options


def main(arguments: list[str]) -> int:
    """Ask, live twice, compare; the exit status."""
    options = parse(arguments)
    plan = Plan.new(
        location=options.location,
        subscription=options.subscription,
        email=options.email,
        timeout=options.timeout,
    )
    if not options.yes and (declined := _declined(plan)):
        return declined
    folder = options.folder.resolve() / plan.suffix
    console.print("In the sandbox:")
    ours, status = _live(plan, folder / "sandbox", inside=True)
    if status:
        console.print(f"the sandbox's own life did not end well: {folder / 'sandbox'}")
        return INTERRUPTED if status == INTERRUPTED else CANNOT_RUN
    console.print("On Azure:")
    theirs, status = _live(plan, folder / "azure", inside=False)
    return _report(plan, folder, ours, theirs, status, options.seen)


def _declined(plan: Plan) -> int:
    """Say what it takes, and ask: 0 to go on, else the exit status; nothing is made by then."""
    long = HOURS_WITHOUT_ROWS + plan.timeout / 60
    console.print(
        f"This makes {plan.group} with an API Management service ({TIER}), an Azure OpenAI "
        f"account, a workspace and alerts in {plan.location} of subscription {plan.subscription}, "
        "checks and changes them, and deletes and purges all of it.\n"
        f"Time: usually {HOURS_WITHOUT_ROWS:g} to {long:g} hours, as a new workspace may take two "
        "to show rows; longer if Azure takes long to make or to delete.\n"
        f"Cost: {prices.describe_cost(plan.location, long)}; calls of some 10,000 tokens and a few "
        "megabytes of logs are cents."
    )
    try:
        if ask("Go on?"):
            return 0
        status, why = CANNOT_RUN, ""
    except CannotRunError as error:
        status, why = CANNOT_RUN, f"{error}: {error.fix}; "
    except KeyboardInterrupt:
        status, why = INTERRUPTED, "interrupted; "
    sys.stderr.write(f"tools.acceptance: {why}nothing was made\n")
    return status


def _live(plan: Plan, folder: Path, *, inside: bool) -> tuple[list[Outcome], int]:
    """One life in a process of its own: its outcomes and its exit status."""
    own = replace(plan, subscription=SUBSCRIPTION_ID) if inside else plan
    own.write(folder)
    (folder / "known.json").write_text(json.dumps(sorted(MODELS["models"], key=_dear)))
    command = [sys.executable, "-m", "tools.acceptance.life", str(folder)]
    if inside:
        given = ["--dir", str(folder / "cloud"), "--journal", str(folder / "journal.jsonl")]
        command = [sys.executable, "-m", "sandbox", "run", *given, "--", *command]
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 this file's own
    while True:
        try:
            status = process.wait()
            break
        except KeyboardInterrupt:  # it got the signal too, and is deleting what it made
            continue
    file = folder / "outcomes.json"
    found = json.loads(file.read_text()) if file.exists() else []
    return [Outcome(**one) for one in found], status


def _dear(model: str) -> tuple[bool, bool]:
    """The small models first: any of them proves as much."""
    return "nano" not in model, "mini" not in model


def _report(
    plan: Plan,
    folder: Path,
    ours: list[Outcome],
    theirs: list[Outcome],
    status: int,
    seen: Path,
) -> int:
    found = compare.differences(ours, theirs)
    file = folder / "azure" / "left.json"
    left = json.loads(file.read_text()) if file.exists() else [f"not known: {plan.group}"]
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "tier": TIER,
        "region": plan.location,
        "ended": {0: "as a whole", INTERRUPTED: "by Ctrl-C"}.get(status, f"with status {status}"),
    }
    report.write(folder, about, theirs, found, left)
    report.show(console, theirs, found, left)
    noted = _note(plan, about, compare.confirmed(ours, theirs), seen)
    console.print(f"{len(found)} differences, {noted} beliefs seen: {folder / 'report.md'}")
    if left:
        return 3
    return (status if status == INTERRUPTED else CANNOT_RUN) if status else int(bool(found))


def _note(plan: Plan, about: dict[str, Any], shown: list[str], seen: Path) -> int:
    """Note the beliefs that Azure itself has shown; the sandbox shows nothing of itself."""
    if plan.subscription == SUBSCRIPTION_ID:
        return 0
    ids = {one.id for one in beliefs.beliefs()}
    when = {key: about[key] for key in ("date", "tier", "region")}
    new = {one: when for one in shown if one in ids}
    known = json.loads(seen.read_text()) | new
    seen.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    return len(new)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
