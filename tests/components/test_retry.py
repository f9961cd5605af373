"""Conflicts are waited out, a bounded number of times; other errors stand at once."""

from __future__ import annotations

import asyncio

import pulumi
import pytest

from components import retry


def asked_again(errors: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[bool, list[float]]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(retry.asyncio, "sleep", sleep)
    args = pulumi.ErrorHookArgs(
        urn="urn", id="", name="n", type="t", failed_operation="create", errors=errors
    )
    return asyncio.run(retry.retry_conflict(args)), waited


@pytest.mark.parametrize(
    "error",
    [
        'Status=409 Code="PessimisticConcurrencyConflict" Message="Operation is in progress"',
        'Status=409 Code="Conflict" Message="Operation on the API is in progress"',
        'Status=422 Code="ManagementApiRequestFailed" Message="Failed to connect"',
        'Status=409 Code="RequestConflict" Message="Another operation is being performed"',
        'Status=412 Code="PreconditionFailed" Message="The precondition failed"',
    ],
)
def test_conflict_is_tried_again(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_again([error], monkeypatch) == (True, [1.0])


def test_other_errors_stand_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    error = 'Status=409 Code="RoleAssignmentExists" Message="The role assignment already exists."'
    assert asked_again([error], monkeypatch) == (False, [])


def test_newest_error_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_again(["RequestConflict", "Forbidden"], monkeypatch) == (True, [2.0])
    assert asked_again(["Forbidden", "RequestConflict"], monkeypatch) == (False, [])


def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = ["RequestConflict"] * retry.ATTEMPTS
    assert asked_again(errors, monkeypatch) == (False, [])
    assert asked_again(errors[1:], monkeypatch) == (True, [30.0])
