"""APIs whose path lies where callers look for an operation of the stack's own API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.check import arm
from tests.check.arm import API, GATEWAY, OTHER, Arm
from tests.check.ways import ELSEWHERE, STACK, judged, verdict

TEMPLATES = (
    "/deployments/{deployment-id}/chat/completions?api-version={api-version}",
    "/v1/chat/completions",
    "/v1/responses/{response-id}",
    "/files/*",
)


def world(path: str, **more: str) -> Arm:
    """A deployment with operations, and another API at a path that leads elsewhere."""
    made = Arm()
    for number, template in enumerate(TEMPLATES):
        made.resources[f"{API}/operations/{number}"] = {
            "properties": {"method": "POST", "urlTemplate": template}
        }
    made.resources[OTHER] = arm.other_api(path, serviceUrl=ELSEWHERE, **more)
    return made


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("openai/v1/chat", True),
        ("OpenAI/V1", True),
        ("openai/v1/chat/completions", True),
        ("openai/deployments/other", True),
        ("openai/deployments/other/chat", True),
        ("openai/v1/responses/x", True),
        ("openai/files/a/b/c", True),
        ("openai", True),
        ("openai/v1/chat/completions/more", False),
        ("openai/v2", False),
        ("openai/v1/responses/x/y", False),
        ("openai2/v1", False),
        ("v1/chat", False),
        ("", False),
    ],
)
def test_a_path_where_an_operation_lies_takes_its_calls(path: str, takes: bool) -> None:
    made = world(path)
    assert verdict(made) == ("failed" if takes else "seen")
    if takes:
        assert f"API that takes calls to /{path} is copy" in str(judged(made).differences[0])


def test_every_beginning_of_every_operation_takes_calls() -> None:
    for template in TEMPLATES:
        segments = template.partition("?")[0].strip("/").split("/")
        for length in range(1, len(segments) + 1):
            path = "/".join(["openai", *(one.strip("{}*") or "x" for one in segments[:length])])
            assert verdict(world(path)) == "failed", path


def test_operations_that_only_the_stack_knows_count_too() -> None:
    made = Arm()
    made.resources[OTHER] = arm.other_api("openai/v1/chat", serviceUrl=ELSEWHERE)
    for template, ends in (("/v1/chat/completions", "failed"), ("/v1/models", "seen")):
        stack = replace(STACK, operations={f"GET {template}": "x"})
        assert bool(judged(made, stack).differences) == (ends == "failed")


@pytest.mark.parametrize(
    ("path", "ends"), [("openai/v1", "failed"), ("openai", "unjudged"), ("other", "seen")]
)
def test_where_a_version_lies_is_not_known(path: str, ends: str) -> None:
    assert verdict(world(path, apiVersion="chat")) == ends


def test_a_workspace_may_have_a_host_of_its_own() -> None:
    made, workspace = world("other"), f"{GATEWAY}/workspaces/w"
    made.resources |= {
        workspace: {"properties": {"displayName": "w"}},
        f"{workspace}/apis/in-w": {"properties": {"path": "openai/v1", "serviceUrl": ELSEWHERE}},
    }
    assert verdict(made) == "unjudged"
    made.set(f"{workspace}/apis/in-w", "path", "w/openai/v1")
    assert verdict(made) == "seen"


def test_a_revision_takes_only_the_calls_that_name_it() -> None:
    made = world("other")
    name = f"{GATEWAY}/apis/old;rev=2"
    made.resources[name] = {"name": "old;rev=2", "properties": {"path": "openai/v1"}}
    assert verdict(made) == "seen"
