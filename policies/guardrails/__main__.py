"""The policy pack: every rule of the catalogue, served to the engine."""

from pulumi_policy import PolicyPack
from rules.catalogue import POLICIES

PolicyPack("guardrails", policies=POLICIES)
