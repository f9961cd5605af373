"""From the engine's calls to the rules, and from their findings to what the engine prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UnknownValueError

from rules.finding import Finding
from rules.parameters import Config
from rules.resource import Resource, plain, token
from rules.stack import Stack

ResourceRule = Callable[[Resource, Config], Iterator[Finding]]
StackRule = Callable[[Stack, Config], Iterator[Finding]]


class NotEvaluatedError(UnknownValueError):
    """Makes the engine print an advisory text whatever the rule's level."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        Exception.__init__(self)
        texts = "\n\n".join(f"{finding}" for finding in findings)
        self.message = f"a value is not known yet; `pulumi up` evaluates the rule again\n{texts}"


class NotSeenError(RuntimeError):
    """What was asked for a resource of the stack is not known."""


class Asked:
    """What was asked for each resource, by URN.

    The engine gives a stack rule what became of a resource. There the scope of a role, the target
    of a diagnostic setting and the type of a generic resource are missing, so that the rules would
    pass over them; what was asked for was seen by the resource rules just before.
    """

    def __init__(self) -> None:
        self._props: dict[str, Mapping[str, Any]] = {}

    def remember(self, urn: str, props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep what was asked, and hand it back."""
        self._props[urn] = props
        return props

    def of(self, resource: PolicyResource) -> Mapping[str, Any]:
        """What was asked; nothing for what is not of azure-native.

        Raises:
            NotSeenError: no rule saw the resource.
        """
        if not token(resource.resource_type):
            return {}
        if resource.urn not in self._props:
            raise NotSeenError(
                f"no rule saw what was asked for {resource.name}, so the stack cannot be judged"
            )
        return self._props[resource.urn]


def validate_resource(
    rule: ResourceRule, arm_types: tuple[str, ...], asked: Asked
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    """What the engine calls to have a rule judge a resource, if it is of one of those types."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = token(args.resource_type)
        if not kind:
            return
        resource = Resource(
            token=kind,
            name=args.name,
            urn=args.urn,
            props=asked.remember(args.urn, plain(args.props)),
            protect=bool(args.opts and args.opts.protect),
        )
        if any(resource.is_a(arm_type) for arm_type in arm_types):
            _report(rule(resource, args.get_config()), report)

    return validate


def validate_stack(
    rule: StackRule, asked: Asked
) -> Callable[[StackValidationArgs, ReportViolation], None]:
    """What the engine calls to have a rule judge the stack."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = Stack(tuple(_seen(resource, asked) for resource in args.resources))
        _report(rule(stack, args.get_config()), report)

    return validate


def _seen(resource: PolicyResource, asked: Asked) -> Resource:
    return Resource(
        token=token(resource.resource_type),
        name=resource.name,
        urn=resource.urn,
        props=asked.of(resource),
        protect=bool(resource.opts and resource.opts.protect),
        links={
            key: frozenset(target.urn for target in targets)
            for key, targets in resource.property_dependencies.items()
        },
        depends_on=frozenset(target.urn for target in resource.dependencies),
    )


def _report(findings: Iterator[Finding], report: ReportViolation) -> None:
    """Report what is wrong; then say what could not be told.

    Raises:
        NotEvaluatedError: a value that decides is not known yet.
    """
    unknown = []
    for finding in findings:
        if finding.known:
            report(f"{finding}", finding.resource.urn)
        else:
            unknown.append(finding)
    if unknown:
        raise NotEvaluatedError(unknown)
