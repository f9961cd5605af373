"""`python -m tools.keys`: hand consumers' keys to the vault, after each `pulumi up`."""

from __future__ import annotations

import sys

from queries.clock import Clock
from queries.errors import CannotRunError
from tools.keys import command
from tools.keys.hand_out import hand_out

NAME = "tools.keys"
REFUSED = 1


def main(arguments: list[str]) -> int:
    """Put into the vault what it lacks, and return the exit status."""
    parser = command.parser(
        NAME,
        "Put each consumer's key into the stack's Key Vault, where it is not there yet. No key is "
        "printed, and none passes through Pulumi.",
        "exit status: 0 the vault holds a key of each consumer, 1 not of each, 2 could not run, "
        "130 interrupted",
    )
    options = parser.parse_args(arguments)

    def work() -> int:
        try:
            azure, refused = command.stack(options), 0
        except command.NothingError as error:
            sys.stdout.write(f"nothing to hand out: {error}\n")
            return 0
        for consumer in command.chosen(azure.target, options.consumers):
            try:
                done = hand_out(azure, consumer, Clock().now())
                granted = azure.grant(consumer)
            except CannotRunError as error:
                sys.stderr.write(f"{consumer}: {error}\nfix: {error.fix}\n")
                refused = REFUSED
            else:
                roles = f", roles changed: {granted}" if granted else ""
                sys.stdout.write(f"{consumer}: {done or 'in the vault'}{roles}\n")
        return refused

    return command.run(NAME, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
