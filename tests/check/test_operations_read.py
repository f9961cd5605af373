"""A document that only Azure reads: its operations are read from the gateway."""

from __future__ import annotations

import pytest

from tests.check.arm import API
from tests.check.conftest import Run
from tests.check.reading import LOGS, ends, of
from tests.check.stack import Row

pytestmark = pytest.mark.slow


def imported(run: Run, *paths: str) -> None:
    """Operations that Azure imported from a document that only Azure reads."""
    for number, path in enumerate(paths):
        has = {"displayName": path, "method": "POST", "urlTemplate": path}
        run.azure.arm.resources[f"{API}/operations/op-{number}"] = {"properties": has}


def test_a_document_of_v1_alone_that_only_azure_reads_is_called_there(run: Run) -> None:
    imported(run, "/v1/chat/completions", "/v1/responses")
    run.azure.change = {LOGS: lambda row: row | {"OperationId": operation_of(row)}}

    report = run("--timeout", "2")

    assert {r.url.path.split("/", 2)[2] for r in run.azure.requests} == {
        "v1/chat/completions",
        "v1/responses",
    }
    assert ends(report)["call"] == ends(report)["operation"] == "seen", of(report, "operation")


def operation_of(row: Row) -> str:
    """The id of the operation that a call met."""
    return "op-0" if "/chat/completions" in row["Url"] else "op-1"


def test_operations_that_cannot_be_read_are_taken_for_the_projects_own(run: Run) -> None:
    imported(run, "/v1/chat/completions")
    run.azure.arm.denied = ("/operations",)

    run("--timeout", "2")

    assert {r.url.path.split("/")[2] for r in run.azure.requests} == {"deployments"}
