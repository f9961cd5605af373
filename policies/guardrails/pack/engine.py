"""From the engine's calls to the policies, and from their findings to what the engine prints."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from pulumi_policy import (
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UnknownValueError

from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config
from pack.resource import UNKNOWN, Resource, Stack, kind_of, plain

ResourceJudge = Callable[[Resource, Config], Iterator[Finding]]
StackJudge = Callable[[Stack, Config], Iterator[Finding]]
JUDGED = frozenset(Kind)
_asked: dict[str, Any] = {}
"""What was asked for each resource that is judged, by URN, whichever policies are enabled.

The engine shows policies for a stack what became of a resource, in which the scope of a role and
the target of a diagnostic setting are missing; policies for a resource see what was asked for.
"""


class NotEvaluatedError(UnknownValueError):
    """Makes the engine print an advisory text whatever the policy's level."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        Exception.__init__(self)
        texts = "\n\n".join(f"{finding}" for finding in findings)
        self.message = f"not evaluable now; `pulumi up` evaluates what is known by then\n{texts}"


def validate_resource(
    judge: ResourceJudge, kinds: Collection[str]
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    """Make what the engine calls for each resource; no kinds stand for all."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = kind_of(args.resource_type)
        if kind in JUDGED:
            _asked[args.urn] = plain(args.props)
        if kinds and kind not in kinds:
            return
        resource = Resource(
            kind=kind,
            name=args.name,
            urn=args.urn,
            props=_asked.get(args.urn, UNKNOWN),
            protect=bool(args.opts and args.opts.protect),
        )
        _report(judge(resource, args.get_config()), report)

    return validate


def validate_stack(judge: StackJudge) -> Callable[[StackValidationArgs, ReportViolation], None]:
    """Make what the engine calls for the stack."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = Stack(tuple(map(_seen, args.resources)))
        _report(judge(stack, args.get_config()), report)

    return validate


def _seen(resource: PolicyResource) -> Resource:
    return Resource(
        kind=kind_of(resource.resource_type),
        name=resource.name,
        urn=resource.urn,
        props=_asked.get(resource.urn, UNKNOWN),
        protect=bool(resource.opts and resource.opts.protect),
        links={
            key: frozenset(target.urn for target in targets)
            for key, targets in resource.property_dependencies.items()
        },
    )


def _report(findings: Iterator[Finding], report: ReportViolation) -> None:
    """Report what is wrong; then say what could not be told.

    Raises:
        NotEvaluatedError: a value that decides is not known.
    """
    unknown = []
    for finding in findings:
        if finding.known:
            report(f"{finding}", finding.resource.urn)
        else:
            unknown.append(finding)
    if unknown:
        raise NotEvaluatedError(unknown)
