"""What time resolves is waited out, a bounded number of times; other errors stand at once."""

from __future__ import annotations

import asyncio
import doctest

import pulumi
import pytest

from components.azure import retry

CONFLICT = 'Status=409 Code="RequestConflict" Message="Another operation is being performed"'
BUSY = 'Status=503 Code="ServiceUnavailable" Message="Busy"'


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that a person sees."""
    lines: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lines.append)
    return lines


def asked_again(errors: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[bool, list[float]]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    args = pulumi.ErrorHookArgs(
        urn="urn", id="", name="n", type="t", failed_operation="create", errors=errors
    )
    return asyncio.run(retry.wait_and_retry(args)), waited


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(retry) == (0, 5)


@pytest.mark.parametrize(
    "error",
    [
        CONFLICT,
        BUSY,
        'Status=409 Code="PessimisticConcurrencyConflict" Message="Operation is in progress"',
        'Status=409 Code="Conflict" Message="Operation on the API is in progress"',
        'Status=422 Code="ManagementApiRequestFailed" Message="Failed to connect"',
        'Status=412 Code="PreconditionFailed" Message="The precondition failed"',
        'Status=409 Code="ServiceLocked" Message="The API Service x is transitioning at this time"',
        'Status=400 Code="PrincipalNotFound" Message="Principal 1 does not exist"',
        'Status=429 Message="The request is being throttled."',
        "cannot check existence of resource '/x': status code 429, {}",
        'Put "https://management.azure.com/x": EOF',
        'Put "https://management.azure.com/subscriptions/x/resourceGroups/quota/y": EOF',
        'Status=409 Code="RequestConflict" Message="Busy: /subscriptions/x/resourceGroups/quota"',
        'Status=409 Code="RequestConflict" Message="Another operation on rg-quota-pool"',
        'Status=409 Code="RequestConflict" Message="Another operation on \'quota\'"',
    ],
)
def test_what_time_resolves_is_tried_again(
    error: str, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    assert asked_again([error], monkeypatch) == (True, [1.0])
    assert told == [f"n: create waits 1 s for attempt 2 of {retry.attempts(error)}: {error}"]


@pytest.mark.parametrize(
    "error",
    [
        'Status=409 Code="RoleAssignmentExists" Message="The role assignment already exists."',
        'Status=409 Code="Conflict" Message="Data sink x is already used in diagnostic setting y"',
        'Status=403 Code="AuthorizationFailed" Message="no"',
        'Status=400 Code="ServiceModelDeprecated" Message="no"',
        'Status=429 Code="InsufficientQuota" Message="no"',
        'Status=503 Code="ServiceUnavailable" Message="This exceeds your quota."',
        "cannot create already existing resource '/x/loggers/azuremonitor'",
        f"1 error occurred:\n\t* {CONFLICT}\n\n",
        f"2 errors occurred:\n\t* {BUSY}\n\t* {BUSY}\n\n",
    ],
)
def test_other_errors_stand_at_once(
    error: str, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    assert asked_again([error], monkeypatch) == (False, [])
    assert told == []


def test_newest_error_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_again([CONFLICT, "Forbidden"], monkeypatch) == (True, [2.0])
    assert asked_again(["Forbidden", CONFLICT], monkeypatch) == (False, [])


@pytest.mark.parametrize(("error", "most", "last"), [(CONFLICT, 10, 30.0), (BUSY, 4, 4.0)])
def test_attempts_are_bounded(
    error: str, most: int, last: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked_again([error] * most, monkeypatch) == (False, [])
    assert asked_again([error] * (most - 1), monkeypatch) == (True, [last])


@pytest.mark.parametrize(("told_wait", "waited"), [(6, [6.0]), (372, [372.0]), (601, [])])
def test_azure_says_how_long(
    told_wait: int, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"Number of requests exceeded the limit. Please try again after '{told_wait}' seconds."
    error = f'Status=429 Code="ResourceRequestsThrottled" Message="{text}"'
    assert asked_again([error], monkeypatch) == (bool(waited), waited)
