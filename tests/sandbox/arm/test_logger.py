"""When API Management makes the logger to Azure Monitor by itself, as sources disagree."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from .conftest import GROUP, LOGGER, SERVICE, SETTING, STACK, WORKSPACE, Azure


@pytest.mark.parametrize(
    ("when", "first"), [("never", ""), ("with-service", SERVICE), ("with-setting", SETTING)]
)
def test_the_logger_is_there_when_the_option_says(
    azure: Azure, when: Literal["never", "with-service", "with-setting"], first: str
) -> None:
    azure.options = replace(azure.options, logger=when)
    there = []
    for resource_id in (GROUP, WORKSPACE, SERVICE, SETTING):
        azure.put(resource_id, STACK[resource_id])
        if azure.cloud.get(LOGGER):
            there.append(resource_id)
    assert there[:1] == ([first] if first else [])


def test_a_logger_that_is_there_is_left_as_it_is(stack: Azure) -> None:
    stack.options = replace(stack.options, logger="with-setting")
    stack.edit(LOGGER, lambda body: body["properties"].update(description="ours"))
    stack.put(SETTING, STACK[SETTING])
    found = stack.cloud.get(LOGGER)
    assert found is not None
    assert found.properties["description"] == "ours"
