"""What a resource may hold, whole: each property that it may have, and the values of each.

    SHAPE = {"protocols": ["https"], "format": ("openapi", "openapi-link"), "path": FREE,
             "sku": {"name": SET, "capacity": between(1, 4)}}

A plain value stands for itself, texts in any case, and a tuple for one of several; None for "not
set". `judge` finds each value that is not allowed, and names each property that the shape lacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pack.finding import Finding, Quoted, shown
from pack.parameters import Parameter
from pack.resource import UNKNOWN, Resource, is_known

Shape = Mapping[str, Any]
"""By property: a further shape, an `Allowed`, or a plain value or several."""


@dataclass(frozen=True)
class Allowed:
    """The values that a property may have, in words and as a test."""

    wanted: str
    accepts: Callable[[Any], bool]
    fix: str = ""
    """What to do about any other; "" to set it to what is wanted."""
    later: bool = False
    """Let pass what is not known yet: `connected` judges what it is made from."""


FREE = Allowed("anything", lambda _: True, later=True)
SET = Allowed("a value", bool, "state it in the program")
COMMON: Shape = dict.fromkeys(("azureApiVersion", "location", "resourceGroupName", "tags"), FREE)
"""What any resource may have; the provider itself sets the first."""


def also_free(*kinds: str) -> Parameter[tuple[str, ...]]:
    """Make the parameter that names properties of those kinds, and of no other, to free them."""
    names = "|".join(map(_class_of, kinds))
    return Parameter(
        "also",
        (),
        "Properties that may hold anything, kind and path: Deployment.properties.raiPolicyName",
        {"items": {"type": "string", "pattern": rf"^({names})\..+"}},
    )


def free(*names: str) -> Shape:
    """Allow these properties to hold anything."""
    return dict.fromkeys(names, FREE)


def between(low: int, high: int, fix: str = "") -> Allowed:
    """Allow whole numbers within bounds."""
    wanted = str(low) if low == high else f"{low} to {high}"
    return Allowed(wanted, lambda found: type(found) is int and low <= found <= high, fix)


def reference(pattern: str, words: str) -> Allowed:
    """Allow texts of that form, in any case, and what is not known yet."""
    form = re.compile(pattern, re.IGNORECASE)
    accepts = lambda found: isinstance(found, str) and form.fullmatch(found) is not None  # noqa: E731
    return Allowed(words, accepts, f"take it from {words}", later=True)


def judge(resource: Resource, shape: Shape, also: Sequence[str] = ()) -> Iterator[Finding]:
    """Find what a resource holds that its shape does not allow, except what `also` names."""
    yield from _judge(resource, {**COMMON, **shape}, resource.props, "", also)


def _judge(
    resource: Resource, shape: Shape, found: Any, path: str, also: Sequence[str]
) -> Iterator[Finding]:
    if found is UNKNOWN:
        wanted, fix = f"a value of {', '.join(shape)}", "state it in the program"
        yield Finding(resource=resource, path=path, found=found, wanted=wanted, fix=fix)
        return
    given = found if isinstance(found, Mapping) else {}
    for key in [*shape, *(key for key in given if key not in shape)]:
        at = f"{path}.{key}".lstrip(".")
        named = f"{_class_of(resource.kind)}.{at}"
        # Two underscores begin what the provider notes for itself.
        if named in also or key.startswith("__"):
            continue
        if isinstance(shape.get(key), Mapping):
            yield from _judge(resource, shape[key], given.get(key), at, also)
        else:
            allowed = _allowed(shape[key]) if key in shape else _nothing(named)
            value = given.get(key)
            if not (allowed.accepts(value) if is_known(value) else allowed.later):
                yield Finding(
                    resource=resource,
                    path=at,
                    found=_found(value, listed=key in shape),
                    wanted=allowed.wanted,
                    fix=allowed.fix or f"set it to {allowed.wanted}",
                )


def _found(value: Any, *, listed: bool) -> Any:
    """Show a value only where the shape lists the property: any other may be a secret."""
    if not is_known(value):
        return UNKNOWN
    return value if listed else Quoted("a value (not shown)")


def _allowed(values: Any) -> Allowed:
    """Make a test of a plain value, or of several."""
    if isinstance(values, Allowed):
        return values
    several = values if isinstance(values, tuple) else (values,)
    known = {_comparable(value) for value in several}
    return Allowed(" or ".join(map(shown, several)), lambda found: _comparable(found) in known)


def _nothing(named: str) -> Allowed:
    """Refuse a property that the shape lacks, whatever it holds."""
    fix = f"remove it; or judge it, and name it in also of the pack: [{json.dumps(named)}]"
    return Allowed("not set: nobody judged what it does to the accounting", lambda _: False, fix)


def _class_of(kind: str) -> str:
    return kind.rpartition(":")[2]


def _comparable(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr).lower()
