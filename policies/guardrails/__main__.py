"""The policy pack: every rule of the catalogue, served to the engine."""

from pulumi_policy import PolicyPack
from rules import configuration
from rules.catalogue import POLICIES, SEEING

configuration.guard(POLICIES, always=SEEING)
PolicyPack("guardrails", policies=POLICIES)
