"""Names of the resources that the stack creates: given in the stack file, or with a random suffix.

A deleted account and gateway keep their name for 48 hours, a workspace for 14 days; the suffix
lives in the stack's state, so that the next `pulumi up` after a destroy takes fresh names.
Abbreviations: https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-abbreviations
"""

from __future__ import annotations

import pulumi
import pulumi_random as random

SUFFIX_LENGTH = 6


def suffix(
    name: str,
    keepers: dict[str, str] | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.Output[str]:
    """Register a random suffix for names: lower-case letters and digits.

    The suffix changes with `keepers`: a stack that moves needs names that Azure does not hold.
    """
    return random.RandomString(
        name, length=SUFFIX_LENGTH, upper=False, special=False, keepers=keepers, opts=opts
    ).result


def name(given: str, abbreviation: str, unique: pulumi.Output[str]) -> pulumi.Output[str]:
    """Return the name given in the stack file, or else `<abbreviation>-<suffix>`."""
    if given:
        return pulumi.Output.from_input(given)
    return pulumi.Output.concat(abbreviation, "-", unique)
