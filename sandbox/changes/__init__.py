"""Change a deployed stack without `pulumi up`: `python -m sandbox changes`.

Sure: no belief.
"""

from sandbox.changes import azure, people
from sandbox.changes.change import Change
from sandbox.cloud import Cloud

CHANGES: dict[str, Change] = {**azure.CHANGES, **people.CHANGES}
"""Changes by the name that the command line takes."""


class NothingToChangeError(Exception):
    """The deployed stack has nothing that a change applies to."""


def apply(cloud: Cloud, name: str) -> list[str]:
    """Make a change to the deployed stack; return the ids of the resources that it touched.

    Raises:
        KeyError: there is no change of that name.
        NothingToChangeError: the change has nothing to act on.
        ArmError: Azure refuses the request of a colleague or a policy.
    """
    change = CHANGES[name]
    with cloud.change():
        touched = [found.id for found in change.apply(cloud)]
    if not touched:
        raise NothingToChangeError(f"{name} has nothing to act on: {change.about}")
    return touched


def listed() -> str:
    """List each change with its author, its day, how sure that is, and its sources."""
    lines = []
    for name, change in CHANGES.items():
        lines.append(f"{name}: {change.about}")
        lines.append(f"    by {change.by}; {change.sure}, {change.dated}")
        lines += [f"    {source}" for source in change.sources]
    return "".join(f"{line}\n" for line in lines)
