"""`python -m components.preflight`: ask Azure what it would refuse, and change nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pulumi
import yaml

from components.azure import environment
from components.preflight import lines
from components.preflight.ask import azure_of
from components.preflight.facts import Azure
from components.preflight.judge import CHECKS, judged
from components.preflight.plan import Plan, from_export
from components.settings import load
from components.settings.figures import ROOT
from queries.command_line import Parser
from queries.errors import CannotRunError
from queries.interrupts import INTERRUPTED
from queries.outputs import ask_pulumi

SECONDS = 180.0
"""Most seconds that Azure is asked for."""
AZ_SECONDS = 30.0
"""Seconds that the Azure CLI may take to say which subscription is selected."""


def parse(arguments: list[str]) -> Namespace:
    """Return the options; a wrong one ends the process with status 2 and one line."""
    parser = Parser(
        name="components.preflight",
        description="Ask Azure, before anything is created, for what it would refuse of a stack.",
        epilog="exit status: 0 nothing was found that Azure would refuse, 1 it would refuse "
        "something, 2 preflight could not run, 4 something could not be verified",
    )
    parser.add_argument(
        "--stack", metavar="NAME", help="stack to ask for; default: the selected one"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="ID",
        help="accept that a line could not be verified; may be given several times",
    )
    parser.add_argument("--list", action="store_true", help="say what is asked, and end")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Ask, print what is found, and return the exit status."""
    options, begun = parse(arguments), time.monotonic()
    if options.list:
        width = max(len(check.id) for check in CHECKS)
        sys.stdout.writelines(f"{check.id:{width}}  {check.about}\n" for check in CHECKS)
        return 0
    try:
        found = judged(*asked_of(options))
        end = lines.verdict(found, options.allow)
        if options.json:
            told = lines.as_json(found, end, time.monotonic() - begun)
            options.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    except (CannotRunError, pulumi.RunError, OSError) as error:
        fix = getattr(error, "fix", "")
        sys.stderr.write(f"components.preflight: {error}{f' ({fix})' if fix else ''}\n")
        return lines.EXIT["error"]
    except KeyboardInterrupt:
        sys.stderr.write("components.preflight: interrupted\n")
        return INTERRUPTED
    print("\n".join([*lines.told(found, also_fine=True), f"{end}: {_count(found)}"]))
    return lines.EXIT[end]


def _count(found: list[lines.Line]) -> str:
    counts = {name: sum(line.status == name for line in found) for name in lines.EXIT}
    said = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    return said or "the stack has all that it declares, so there is nothing to ask"


def asked_of(options: Namespace) -> tuple[Plan, Azure]:
    """Return what the stack would create, and the subscription that is asked.

    Raises:
        CannotRunError: Pulumi or the subscription does not say.
        pulumi.RunError: a value of the stack file is wrong.
    """
    told = ask_pulumi(options.stack, "config", "--json", "--show-secrets", "--non-interactive")
    values: dict[str, dict[str, Any]] = json.loads(told)
    given = {key: str(one.get("value", "")) for key, one in values.items()}
    cloud = environment.named(given.get("azure-native:environment"))
    settings = load.judge(*_own(values), cloud.name, options.stack or "selected")
    state = ask_pulumi(options.stack, "stack", "export", "--non-interactive")
    plan = Plan(settings=settings, held=tuple(from_export(state)))
    subscription = _subscription(given.get("azure-native:subscriptionId", ""))
    return plan, azure_of(cloud, subscription, SECONDS)


def _own(values: dict[str, dict[str, Any]]) -> tuple[dict[str, str], set[str]]:
    """Return the values of the project's own keys, and which of these are secret."""
    prefix = f"{yaml.safe_load((ROOT / 'Pulumi.yaml').read_text())['name']}:"
    own = {key[len(prefix) :]: one for key, one in values.items() if key.startswith(prefix)}
    texts = {key: str(one.get("value", "")) for key, one in own.items()}
    return texts, {key for key, one in own.items() if one.get("secret")}


def _subscription(given: str) -> str:
    """Return the subscription that the provider would take.

    https://www.pulumi.com/registry/packages/azure-native/installation-configuration/

    Raises:
        CannotRunError: nothing names one.
    """
    if named := given or os.environ.get("ARM_SUBSCRIPTION_ID", ""):
        return named
    command = ["az", "account", "show", "--query", "id", "--output", "tsv"]
    try:
        done = subprocess.run(  # noqa: S603 an argument list, no shell
            command, capture_output=True, text=True, timeout=AZ_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is None or done.returncode or not done.stdout.strip():
        raise CannotRunError(
            "no subscription is named", "az login, or pulumi config set azure-native:subscriptionId"
        )
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
