"""`python -m queries.report`."""

from __future__ import annotations

import sys

from queries import interrupts

if __name__ == "__main__":  # loading takes seconds
    interrupts.install()

from queries.command_line import CANNOT_RUN, NOT_WHOLE, leave
from queries.errors import CannotRunError
from queries.report.arguments import parse
from queries.report.run import World, real_world, run


def main(arguments: list[str], world: World | None = None) -> int:
    """Write the report, and return the exit status."""
    options = parse(arguments)
    try:
        with interrupts.released():
            unanswered = run(options, world or real_world())
    except CannotRunError as error:
        fix = f" ({error.fix})" if error.fix else ""
        sys.stderr.write(f"queries.report: {error}{fix}\n")
        return CANNOT_RUN
    except KeyboardInterrupt:
        sys.stderr.write("queries.report: interrupted\n")
        return interrupts.INTERRUPTED
    return NOT_WHOLE if unanswered else 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
