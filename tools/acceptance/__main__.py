"""`make acceptance`: compare Azure with the sandbox; in the sandbox, try the comparison out."""

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
"""Hours of a run besides the wait for rows: Azure makes a v2 gateway in minutes.

https://learn.microsoft.com/azure/api-management/v2-service-tiers-overview
"""
DEFAULT_TIMEOUT = 120.0
"""Minutes to wait for rows, as the check itself does."""

console = Console(highlight=False, soft_wrap=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parse the options; a wrong option ends the process with status 2 and one line."""
    parser = Parser(
        name="tools.acceptance",
        description="Deploy the stack into a resource group of its own, check it, change it, "
        "delete and purge it, and report where Azure and the sandbox differ.",
        epilog="exit status: 0 Azure does as the sandbox, 1 it differs, 2 the run could not start "
        "or go on, 3 something is left behind, 130 interrupted",
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
        help="folder for its files; default %(default)s",
    )
    parser.add_argument(
        "--seen",
        type=Path,
        metavar="FILE",
        default=beliefs.SEEN,
        help="file that notes beliefs as seen on Azure; default sandbox/beliefs/seen.json",
    )
    parser.add_argument("--yes", action="store_true", help="go on without asking")
    options = parser.parse_args(arguments)
    if not options.subscription:
        parser.error("--subscription is missing: `az account show --query id` shows yours")
    return options


def main(arguments: list[str]) -> int:
    """Ask the person, run both lives, compare them; return the exit status."""
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
        console.print(f"the life in the sandbox failed: see {folder / 'sandbox'}")
        return INTERRUPTED if status == INTERRUPTED else CANNOT_RUN
    console.print("On Azure:")
    theirs, status = _live(plan, folder / "azure", inside=False)
    return _report(plan, folder, ours, theirs, status, options.seen)


def _declined(plan: Plan) -> int:
    """Say what the run takes, and ask: return 0 to go on, else the exit status.

    Nothing has been created yet.
    """
    long = HOURS_WITHOUT_ROWS + plan.timeout / 60
    console.print(
        f"This creates {plan.group} with an API Management service ({TIER}), an Azure OpenAI "
        f"account, a workspace and alerts in {plan.location} of subscription {plan.subscription}, "
        "checks and changes them, and deletes and purges all of it.\n"
        f"Time: usually {HOURS_WITHOUT_ROWS:g} to {long:g} hours, as a new workspace may take two "
        "to show rows; longer if Azure is slow to create or to delete.\n"
        f"Cost: {prices.describe_cost(plan.location, long)}; calls of some 10,000 tokens and a few "
        "megabytes of logs cost cents."
    )
    try:
        if ask("Go on?"):
            return 0
        status, why = CANNOT_RUN, ""
    except CannotRunError as error:
        status, why = CANNOT_RUN, f"{error}: {error.fix}; "
    except KeyboardInterrupt:
        status, why = INTERRUPTED, "interrupted; "
    sys.stderr.write(f"tools.acceptance: {why}nothing was created\n")
    return status


def _live(plan: Plan, folder: Path, *, inside: bool) -> tuple[list[Outcome], int]:
    """Run one life in a process of its own; return its outcomes and its exit status."""
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
        except KeyboardInterrupt:  # the process got the signal too, and is deleting what it created
            continue
    file = folder / "outcomes.json"
    found = json.loads(file.read_text()) if file.exists() else []
    return [Outcome(**one) for one in found], status


def _dear(model: str) -> tuple[bool, bool]:
    """Sort small models first: they cost less, and any model proves as much."""
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
    unknown = f"not known; look for the group {plan.group}"
    left = json.loads(file.read_text()) if file.exists() else [unknown]
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "tier": TIER,
        "region": plan.location,
        "ended": {0: "as a whole", INTERRUPTED: "by Ctrl-C"}.get(status, f"with status {status}"),
    }
    report.write(folder, about, theirs, found, left)
    report.show(console, theirs, found, left)
    noted = _note(plan, about, compare.confirmed(ours, theirs), seen)
    counts = f"{len(found)} differences, {noted} beliefs confirmed"
    console.print(f"{counts}: see {folder / 'report.md'}")
    if left:
        return 3
    return (status if status == INTERRUPTED else CANNOT_RUN) if status else int(bool(found))


def _note(plan: Plan, about: dict[str, Any], shown: list[str], seen: Path) -> int:
    """Note the beliefs that Azure has shown to be true; return how many.

    The sandbox cannot confirm its own beliefs, so a run inside it notes none.
    """
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
