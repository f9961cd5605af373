"""Say what a configuration value may be: one object checks a value and has the words for it.

pydantic applies a constraint that stands in an annotation, and the error report quotes its words:

    state: Annotated[str, one_of("active", "suspended")]

A check that fails raises ValueError with the words for what passes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from components.azure import arm_id


class Frozen(BaseModel):
    """Base of every part of the configuration.

    The stack file writes its keys in camelCase; an unknown key is an error. The text below a field
    is its meaning in the documents.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True)
class Constraint:
    """A check on a value, before or after it got its type, and the words for what passes it."""

    allowed: str
    check: Callable[[Any], None]
    before: bool = False
    bounds: str = ""
    """The allowed values in short, for `{bounds}` in a key's meaning."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Let pydantic run the check."""

        def apply(value: Any) -> Any:
            self.check(value)
            return value

        if self.before:
            return core_schema.no_info_before_validator_function(apply, handler(source))
        return core_schema.no_info_after_validator_function(apply, handler(source))


def constraint_of(field: FieldInfo) -> Constraint | None:
    """Return the constraint on a field's value, if it has one."""
    return next((part for part in field.metadata if isinstance(part, Constraint)), None)


def is_map(field: FieldInfo) -> bool:
    """Tell whether a field holds keys of its own that are known."""
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def allowed_in(field: FieldInfo) -> str:
    """Say what values a field takes."""
    constraint = constraint_of(field)
    if constraint:
        return constraint.allowed
    if field.annotation is bool:
        return "true or false"
    if is_map(field):
        return "a map of its keys"
    return "a map of text to text" if get_origin(field.annotation) is dict else "text"


def matching(allowed: str, pattern: str, *, optional: bool = False) -> Constraint:
    """Allow text of a given shape, in ASCII; with `optional`, also "" for "not given"."""

    def check(value: str) -> None:
        if not (optional and value == "") and not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(allowed)

    return Constraint(allowed, check)


def dated(allowed: str, end: str, *, optional: bool = False) -> Constraint:
    """Allow a day that there is, as 2026-09-01, with what matches `end` behind it.

    With `optional`, "" is allowed too, for "not given".
    """

    def check(value: str) -> None:
        if optional and value == "":
            return
        found = re.fullmatch(rf"(\d{{4}}-\d\d-\d\d){end}", value, re.ASCII)
        try:
            date.fromisoformat(found[1] if found else "")
        except ValueError:
            raise ValueError(allowed) from None

    return Constraint(allowed, check)


def one_of(*values: str) -> Constraint:
    """Allow one of a few words."""
    allowed = f"{', '.join(values[:-1])} or {values[-1]}"

    def check(value: str) -> None:
        if value not in values:
            raise ValueError(allowed)

    return Constraint(allowed, check, bounds=allowed)


def whole(unit: str, low: int, high: int) -> Constraint:
    """Allow a whole number within bounds; neither a truth value nor a fraction is one."""
    allowed = f"a whole number of {unit} from {low} to {high:,}"

    def check(value: object) -> None:
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"[+-]?[0-9]+", text):
            raise ValueError(allowed)
        if not low <= int(text) <= high:
            raise ValueError(allowed)

    return Constraint(allowed, check, before=True, bounds=f"{low} to {high}")


def existing(arm_type: str) -> Constraint:
    """Allow the ARM id of an existing resource, or "" to have the program create one."""
    allowed = f'{arm_id.shape(arm_type)}, or "" to create one'

    def check(value: str) -> None:
        if value and arm_id.parse(value, arm_type) is None:
            raise ValueError(allowed)

    return Constraint(allowed, check)


def named_once(what: str, *, optional: bool = False) -> Constraint:
    """Require an item, unless `optional`, and no name twice; Azure compares names without case."""
    number = "any number of" if optional else "at least one"
    allowed = (
        f"{number} {what}{'s' * optional}, each with a name of its own (compared without case)"
    )

    def check(items: Sequence[Any]) -> None:
        if not items and not optional:
            raise ValueError(allowed)
        counts = Counter(item.name.lower() for item in items)
        twice = sorted(name for name, count in counts.items() if count > 1)
        if twice:
            raise ValueError(f"{allowed}; given twice: {', '.join(twice)}")

    return Constraint(allowed, check)


def at_least(unit: str, low: float) -> Constraint:
    """Allow a number, with a fraction or without, that is not below `low`."""
    allowed = f"a number of {unit}, {low:g} or more"

    def check(value: object) -> None:
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
            raise ValueError(allowed)
        if float(text) < low:
            raise ValueError(allowed)

    return Constraint(allowed, check, before=True)


def each_once(what: str) -> Constraint:
    """Require a list that holds nothing twice."""
    allowed = f"a list of {what}, none of them twice"

    def check(items: object) -> None:
        if not isinstance(items, list | tuple) or len(items) != len({str(item) for item in items}):
            raise ValueError(allowed)

    return Constraint(allowed, check, before=True)


MOST_TAGS, TAG_NAME, TAG_VALUE = 50, 512, 256
"""Most tags of a resource, and most characters of a tag's name and value.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
"""
_TAG = re.compile(rf"(?=.*\S)(?!(?i:microsoft|azure|windows))[^<>%&\\?/\x00-\x1f]{{1,{TAG_NAME}}}")
"""What a tag's name may be: Azure's own begin with the three words.

https://learn.microsoft.com/rest/api/resources/tags/create-or-update
"""
TAGS = (
    f"a map of at most {MOST_TAGS} tags: names of 1 to {TAG_NAME} characters without "
    "< > % & \\ ? /, not blanks alone, not beginning with microsoft, azure or windows, no two "
    f"alike but for case; values of at most {TAG_VALUE} characters"
)


def check_tags(tags: dict[str, str]) -> None:
    """Refuse tags that Azure would refuse half way through a deployment."""
    names = Counter(name.lower() for name in tags)
    wrong = [name for name in tags if not _TAG.fullmatch(name) or names[name.lower()] > 1]
    wrong += [name for name, value in tags.items() if len(value) > TAG_VALUE]
    if wrong or len(tags) > MOST_TAGS:
        which = ", ".join(dict.fromkeys(wrong)) or f"{len(tags)} tags"
        raise ValueError(f"{TAGS}; wrong: {which[:TAG_VALUE]}")
