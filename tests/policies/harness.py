"""Resources and stacks as the engine shows them, and what the pack says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pack.catalogue import POLICIES
from pack.finding import Finding
from pack.resource import UNKNOWN, Resource
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
)
from pulumi_policy.policy import PolicyCustomTimeouts
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

Json = dict[str, Any]
Shown = dict[str, Json]
"""By name: type, props, and by property the names of the resources from which it is made."""
EXAMPLE = Path(__file__).with_name("example.json")
"""The example stack as the engine shows it to a pack, recorded by test_engine.py."""
SEVERAL = EXAMPLE.with_name("accounts.json")
"""The stack of tests/engine/test_accounts.py, recorded likewise."""
PRIVATE = EXAMPLE.with_name("network.json")
"""The stack of tests/engine/test_private_network.py, recorded likewise."""
DAY = {name: {"today": "2026-11-21"} for name in ("model-retirement", "model-known")}
"""The example's model retires one day; the tests do not."""


@dataclass
class Said:
    """What the pack says of a stack, each by the policy's name."""

    refused: dict[str, list[str]] = field(default_factory=dict)
    advised: dict[str, list[str]] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)
    """What could not be evaluated."""

    @property
    def text(self) -> str:
        """Join all that is refused."""
        return "\n\n".join(one for reports in self.refused.values() for one in reports)


def example(file: Path = EXAMPLE) -> Shown:
    """Load what the engine shows; what it does not know is UNKNOWN."""
    shown: Shown = json.loads(file.read_text(), object_hook=_revive)
    return shown


def _revive(found: Json) -> Json:
    return {key: _known(value) for key, value in found.items()}


def _known(value: Any) -> Any:
    if isinstance(value, list):
        return [_known(one) for one in value]
    return UNKNOWN if value == repr(UNKNOWN) else value


def changed(name: str, path: str, value: Any, stack: Shown | None = None) -> Shown:
    """Set one property of one resource, made from nothing, of the example or the stack given."""
    made = example() if stack is None else stack
    place = made[name]["props"]
    made[name]["links"].pop(path, None)
    *keys, last = path.split("/")
    for key in keys:
        place = place.setdefault(key, {})
    place[last] = value(place[last]) if callable(value) else value
    return made


def added(name: str, pulumi_type: str, props: Json, stack: Shown | None = None) -> Shown:
    """Add a resource, to the example or to the stack given."""
    one = {"type": pulumi_type, "props": props, "links": {}}
    return {**(example() if stack is None else stack), name: one}


def said(stack: Shown, config: Mapping[str, Json] | None = None) -> Said:
    """Have every policy judge the stack, in the order of the engine."""
    told, given = Said(), {**DAY, **(config or {})}
    shown = {name: _shown(name, one) for name, one in stack.items()}
    for name, one in stack.items():
        shown[name].property_dependencies = {
            key: [shown[target] for target in targets if target in shown]
            for key, targets in one["links"].items()
        }
    each = [policy for policy in POLICIES if isinstance(policy, ResourceValidationPolicy)]
    for policy in each:
        for of in shown.values():
            parameters = given.get(policy.name, {})
            asked = (of.resource_type, of.props, of.urn, of.name, OPTIONS, None, parameters)
            _call(told, policy, ResourceValidationArgs(*asked))
    for of_stack in (policy for policy in POLICIES if policy not in each):
        parameters = given.get(of_stack.name, {})
        _call(told, of_stack, StackValidationArgs([*shown.values()], parameters))
    return told


def _call(told: Said, policy: Any, args: Any) -> None:
    reports: list[str] = []
    try:
        policy.validate(args, lambda text, _urn=None: reports.append(text))
    except UnknownValueError as error:
        told.unclear[policy.name] = f"{told.unclear.get(policy.name, '')}{error.message}"
    if reports:
        advice = policy.enforcement_level == EnforcementLevel.ADVISORY
        (told.advised if advice else told.refused).setdefault(policy.name, []).extend(reports)


OPTIONS = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])


def _shown(name: str, one: Json) -> PolicyResource:
    props, kind = unknown_checking_proxy(_sent(one["props"])), one["type"]
    return PolicyResource(kind, props, urn(kind, name), name, OPTIONS, None, None, [], {})


def _sent(value: Any) -> Any:
    """Write a value as the engine sends it."""
    if isinstance(value, Mapping):
        return {key: _sent(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_sent(one) for one in value]
    return UNKNOWN_STRING_VALUE if value is UNKNOWN else value


def urn(kind: str, name: str = "it", stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::project::{kind}::{name}"


def resource(kind: str, props: Json | None = None, name: str = "it", **more: Any) -> Resource:
    """Make a resource of that kind, in stack dev unless told otherwise."""
    stack = more.pop("stack", "dev")
    return Resource(kind=kind, name=name, urn=urn(kind, name, stack), props=props or {}, **more)


Judge = Callable[..., Iterable[Finding]]


def passes(judge: Judge, subject: object, **config: Any) -> bool:
    return list(judge(subject, config)) == []


def wrong(judge: Judge, subject: object, **config: Any) -> str:
    """Return the one report of a function that refuses."""
    (finding,) = judge(subject, config)
    assert finding.known, finding
    text = str(finding)
    assert all(f"\n{label}:" in f"\n{text}" for label in LABELS), text
    return text


def unknown(judge: Judge, subject: object, **config: Any) -> bool:
    """Tell whether a function says nothing but that it could not evaluate."""
    findings = list(judge(subject, config))
    return bool(findings) and not any(finding.known for finding in findings)


LABELS = ("resource", "property", "found", "wanted", "fix")
