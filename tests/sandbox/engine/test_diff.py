"""What the provider takes for a change, by the cases of its own tests and of its open reports.

https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/diff_test.go
"""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import PropertyDiff

from sandbox.engine.diff import detailed, same_text

ID = "/subscriptions/123/resourcegroups/rg/providers/microsoft.compute/something"


@pytest.mark.parametrize(
    "other",
    [
        ID,
        ID.replace("microsoft", "Microsoft"),
        ID.replace("compute", "COMPUTE"),
        "/subscriptions/123/resourceGroups/rg/Providers/microsoft.Compute/something",
    ],
)
def test_prefix_of_an_id_is_compared_without_case(other: str) -> None:
    assert same_text(ID, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ID, ID.replace("123", "456")),
        (ID, ID.replace("/rg/", "/rg2/")),
        (ID, ID + "Else"),
        (ID, ID.replace("something", "Something")),
        (ID, ID.replace("compute", "ComputeBetter")),
        (ID, "no id"),
        ("/subscriptions/123/resourcegroups/rg", "/subscriptions/123/resourceGroups/rg"),
        ("a text", "A text"),
    ],
)
def test_everything_else_of_a_value_counts(one: str, other: str) -> None:
    assert not same_text(one, other)


@pytest.mark.parametrize("place", ["let a = {}; T", "T\n{}", "{} T", '{{"a": "{}", "b": "T"}}'])
def test_change_beside_an_id_in_a_longer_text_is_not_seen(place: str) -> None:
    text = place.format(f'"{ID}"') if '"' not in place else place.format(ID)
    assert same_text(text, text.replace("T", "changed"))
    assert not same_text(text, text.replace("something", "another"))


def test_id_in_pieces_is_text() -> None:
    text = f'let a = strcat("/subscriptions", "{ID.removeprefix("/subscriptions")}"); T'
    assert not same_text(text, text.replace("T", "changed"))
    escaped = f'{{"a": "{ID.replace("/", chr(92) + "/")}", "b": "T"}}'
    assert not same_text(escaped, escaped.replace("T", "changed"))


@pytest.mark.parametrize(
    ("key", "old", "new", "seen"),
    [
        ("location", "East US", "eastus", False),
        ("location", "eastus", "westus", True),
        ("resourceGroupName", "RG", "rg", False),
        ("resourceGroupName", "rg", "rg2", True),
        ("displayName", "RG", "rg", True),
    ],
)
def test_group_and_region_may_be_written_otherwise(
    key: str, old: str, new: str, *, seen: bool
) -> None:
    assert bool(detailed({key: old}, {key: new}, {key}, {})) is seen


def test_ids_are_found_at_any_depth() -> None:
    def inputs(text: str) -> dict[str, Any]:
        return {"criteria": {"allOf": [{"query": text}]}}

    text = f'let account = "{ID}"; let identity = "a";'
    assert detailed(inputs(text), inputs(text.replace('"a"', '"b"')), set(), {}) == {}
    found = detailed(inputs("a"), inputs("b"), set(), {})
    assert found == {"criteria.allOf[0].query": PropertyDiff.UPDATE}


def test_saying_what_azure_chose_replaces_nothing() -> None:
    new = {"location": "eastus", "sku": "a"}
    found = detailed({}, new, {"location", "sku"}, {"location": "eastus", "sku": "b"})
    assert found == {"location": PropertyDiff.ADD, "sku": PropertyDiff.ADD_REPLACE}
