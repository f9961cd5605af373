"""`python -m queries.check`."""

from __future__ import annotations

import sys

from queries import interrupts

if __name__ == "__main__":  # loading takes seconds, and may be interrupted or fail
    interrupts.install()
    from queries.check import results

    results.empty(sys.argv[1:])

from queries.check.arguments import parse
from queries.check.display import summary
from queries.check.report import EXIT
from queries.check.run import check, real_world
from queries.command_line import leave
from queries.errors import CannotRunError


def main(arguments: list[str]) -> int:
    """Run the check, write its files and summary, and return its exit status."""
    options, world = parse(arguments), real_world()
    report = check(options, world)
    summary(world.console, report)
    try:
        if options.json:
            report.write_json(options.json)
        if options.junit:
            report.write_junit(options.junit)
    except CannotRunError as error:
        sys.stderr.write(f"queries.check: {error}\n")
        return EXIT["error"]
    return report.status


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
