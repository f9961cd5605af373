"""A second copy of the logs in a storage account: declared, filled, found, and gone again."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.machine import CHECK, Machine
from tests.copies import STORAGE, put

pytestmark = pytest.mark.slow


def test_the_check_finds_its_calls_in_the_copy(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    put(machine.cloud)
    machine.configure(copies=[{"name": "archive", "storageAccountId": STORAGE}])
    machine.up()
    machine.pulumi("preview", "--expect-no-changes")

    refused = machine.run(*CHECK, "--sink", "--timeout", "0.3")
    assert refused.status == 3, refused.text
    assert "AuthorizationPermissionMismatch" in refused.text

    put(machine.cloud, reader=True)
    found = machine.run(*CHECK, "--sink", "--timeout", "5")
    assert found.status == 0, found.text
    said = found.text.partition("copies")[2]
    for part in ("GatewayLogs of gateway", "GatewayLlmLogs of gateway", "RequestResponse of"):
        assert part in " ".join(said.split()), found.text

    machine.pulumi("destroy", "--yes")
    left = machine.leftovers().text
    assert "diagnosticSettings" not in left
    assert "stcopies" in left, "what the stack has not made stays"
