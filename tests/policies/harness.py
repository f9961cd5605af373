"""Resources and stacks as the rules see them, and what a rule says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rules.finding import Finding
from rules.resource import Resource
from rules.stack import Stack


def resource(
    token: str, props: Mapping[str, Any] | None = None, name: str = "it", **more: Any
) -> Resource:
    """A resource of that class, in stack dev unless told otherwise."""
    stack = more.pop("stack", "dev")
    return Resource(token=token, name=name, urn=urn(token, name, stack), props=props or {}, **more)


def urn(token: str, name: str = "it", stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::project::azure-native:{token}::{name}"


def linked(**targets: Resource) -> dict[str, frozenset[str]]:
    """Links of properties to the resources from whose outputs they are made."""
    return {key: frozenset({target.urn}) for key, target in targets.items()}


def stack(*resources: Resource) -> Stack:
    return Stack(resources)


def said(findings: Iterable[Finding]) -> list[str]:
    """Each finding in short: the resource and property, and whether it is wrong or unknown."""
    return [
        f"{finding.resource.name} {finding.path} {'wrong' if finding.known else 'unknown'}"
        for finding in findings
    ]


Rule = Callable[..., Iterable[Finding]]


def passes(rule: Rule, subject: object, **config: Any) -> bool:
    return said(rule(subject, config)) == []


def wrong(rule: Rule, subject: object, **config: Any) -> str:
    """The one report of a rule that refuses."""
    (finding,) = rule(subject, config)
    assert finding.known, finding
    text = str(finding)
    assert all(f"\n{label}:" in f"\n{text}" for label in LABELS), text
    return text


def unknown(rule: Rule, subject: object, **config: Any) -> bool:
    """Whether a rule says nothing but that it could not be evaluated."""
    findings = list(rule(subject, config))
    return bool(findings) and not any(finding.known for finding in findings)


LABELS = ("resource", "property", "found", "wanted", "fix")
