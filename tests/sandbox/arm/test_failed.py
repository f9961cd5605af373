"""What a long operation leaves that Azure accepted and then failed."""

from __future__ import annotations

import pytest

from sandbox import arm, changes
from sandbox.__main__ import main

from .conftest import (
    ACCOUNT,
    API,
    DEPLOYMENT,
    POLICY,
    PRODUCT,
    ROLE,
    SERVICE,
    SETTING,
    STACK,
    WORKSPACE,
    Azure,
    refusal,
)


@pytest.mark.parametrize(
    ("failed", "inside", "code", "words"),
    [
        (ACCOUNT, DEPLOYMENT, "AccountProvisioningStateInvalid", f"Account {ACCOUNT} in state"),
        (SERVICE, PRODUCT, "InvalidOperation", "The API Service apim-test is in the state Failed"),
        (SERVICE, POLICY, "InvalidOperation", "The API Service apim-test is in the state Failed"),
    ],
)
def test_nothing_is_made_in_what_failed_until_it_is_put_again(
    stack: Azure, failed: str, inside: str, code: str, words: str
) -> None:
    arm.fail(stack.cloud, failed)
    assert arm.get(stack.cloud, failed).properties["provisioningState"] == "Failed"
    refused = refusal(lambda: stack.put(inside, STACK[inside]))
    assert refused.code == code
    assert words in refused.message
    stack.put(failed, STACK[failed])
    stack.put(inside, STACK[inside])


def test_what_only_extends_it_or_needs_no_state_of_it_is_taken(stack: Azure) -> None:
    for failed in (ACCOUNT, SERVICE, WORKSPACE, API):
        arm.fail(stack.cloud, failed)
    stack.role(ROLE, principalType="ServicePrincipal")
    stack.put(SETTING, STACK[SETTING])
    stack.put(WORKSPACE, STACK[WORKSPACE])


def test_a_failed_import_leaves_operations_out_until_the_next(stack: Azure) -> None:
    def operations() -> int:
        return len([one for one in stack.cloud.below(API) if one.type.endswith("/operations")])

    assert operations() == 2
    arm.fail(stack.cloud, API)
    assert operations() == 1
    stack.put(API, STACK[API])
    assert operations() == 2
    assert "provisioningState" not in arm.get(stack.cloud, API).properties


def test_a_colleague_is_refused_too(stack: Azure, capsys: pytest.CaptureFixture[str]) -> None:
    arm.fail(stack.cloud, ACCOUNT)
    assert main(["changes", "sku-moved", "--dir", str(stack.cloud.folder)]) == 2
    assert "AccountProvisioningStateInvalid" in capsys.readouterr().err
    changes.apply(stack.cloud, "network-rules")
    changes.apply(stack.cloud, "sku-moved")
    assert arm.get(stack.cloud, DEPLOYMENT).body["sku"]["name"] == "DataZoneStandard"
