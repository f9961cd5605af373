"""The policy pack: every policy of the catalogue, served to the engine."""

from pack import configuration
from pack.catalogue import POLICIES
from pulumi_policy import PolicyPack

configuration.check(POLICIES)
PolicyPack("guardrails", policies=POLICIES)
