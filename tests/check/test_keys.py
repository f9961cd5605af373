"""Where the key comes from that the check calls with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from queries import outputs as reader
from queries.check import keys
from queries.check.configuration.manager import Manager
from queries.errors import CannotRunError
from queries.outputs import Target
from tests.check.arm import SUBSCRIPTION, Arm, Credential
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.stack import KEY, outputs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pairs(target: Target) -> list[tuple[str, str]]:
    """Each consumer that is called as, and its key."""
    return [(one.name, one.key.get_secret_value()) for one in target.callers]


def find(arm: Arm | None = None, **change: Any) -> Target:
    values = outputs() | change
    transport = httpx.MockTransport((arm or Arm()).handle)
    manager = Manager(
        endpoint="https://management.azure.com",
        client=lambda: httpx.Client(transport=transport),
        credential=Credential,
    )
    return keys.find(reader.target(values), values, manager, NOW)


def test_outputs_give_the_first_consumers_key() -> None:
    found = find()

    assert pairs(found) == [("aoai-test", KEY)]
    assert KEY not in repr(found)


def test_the_environment_goes_before_the_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, "key-of-somebody")

    found = find()

    assert pairs(found) == [("", "key-of-somebody")]


@pytest.mark.parametrize("given", [None, {}, "[secret]", {"aoai-test": "[secret]"}])
def test_azure_is_asked_for_a_key_that_the_outputs_do_not_tell(given: object) -> None:
    arm = Arm()

    found = find(arm, subscriptionKeys=given)

    assert pairs(found) == [("aoai-test", "key-in-azure")]
    assert [request.url.path for request in arm.asked] == [f"{SUBSCRIPTION}/listSecrets"]


@pytest.mark.parametrize(
    ("arm", "says", "fix"),
    [
        (Arm(denied=("/listSecrets",)), "HTTP 403", keys.ACTION),
        (Arm(resources={}), "knows no subscription aoai-test", keys.VARIABLE),
        (Arm(key="key\n"), "aoai-test: its key holds a space", keys.VARIABLE),
    ],
)
def test_no_key_at_all_says_why(arm: Arm, says: str, fix: str) -> None:
    with pytest.raises(CannotRunError, match=says) as error:
        find(arm, subscriptionKeys={})
    assert fix in error.value.fix


def test_a_stack_without_consumers_has_no_key() -> None:
    proof = outputs()["proof"] | {"consumers": []}

    with pytest.raises(CannotRunError, match="no active consumer"):
        find(proof=proof)


def test_a_key_read_from_azure_is_never_printed(run: Run) -> None:
    run.azure.arm.key = KEY

    run.outputs = {"subscriptionKeys": {}}
    report = run()

    assert of(report, "call")[0] == "seen"
    assert KEY not in run.screen.getvalue()
