"""What a pack may be configured with: its rules, and their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy import Policy

ALL = "all"
"""Sets the level of every rule that is not named itself.

https://www.pulumi.com/docs/insights/policy/policy-packs/configuration/
"""


class UnknownNameError(ValueError):
    """A configuration names a rule or a parameter that the pack does not have."""


def check(given: Mapping[str, Iterable[str]], policies: Sequence[Policy]) -> None:
    """Refuse a configuration that says something which nobody would read.

    Args:
        given: the parameters that are given, by the name of the rule.
        policies: the rules of the pack.

    Raises:
        UnknownNameError: with what was found, what is allowed, and the fix.
    """
    known: dict[str, list[str]] = {ALL: []}
    known |= {
        policy.name: list(policy.config_schema.properties) if policy.config_schema else []
        for policy in policies
    }
    for rule, parameters in given.items():
        if rule not in known:
            raise UnknownNameError(
                f"policy pack configuration: there is no rule {rule!r}; "
                f"wanted: {', '.join(sorted(known))}; fix: correct or remove {rule!r}"
            )
        for parameter in parameters:
            if parameter not in known[rule]:
                raise UnknownNameError(
                    f"policy pack configuration: {rule} has no parameter {parameter!r}; "
                    f"wanted: {', '.join(known[rule]) or 'none, only a level'}; "
                    f"fix: correct or remove {parameter!r} under {rule!r}"
                )


def guard(policies: Sequence[Policy], always: str) -> None:
    """Have a pack that is served from now on check its configuration before a preview starts.

    The engine checks the values of parameters that a rule has, and hands on all other names, which
    the SDK ignores.

    Args:
        policies: the rules of the pack.
        always: the rule that cannot be disabled, because others need it.
    """
    add = analyzer_pb2_grpc.add_AnalyzerServicer_to_server

    def adding(servicer: Any, server: Any) -> None:
        configure = servicer.Configure

        def configured(request: Any, context: Any) -> Any:
            check({rule: one.properties for rule, one in request.policyConfig.items()}, policies)
            request.policyConfig.pop(always, None)
            return configure(request, context)

        servicer.Configure = configured
        add(servicer, server)

    analyzer_pb2_grpc.add_AnalyzerServicer_to_server = adding
