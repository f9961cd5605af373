"""The post-deploy check tells a whole deployment from a broken one."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.machine import CHECK, Machine
from sandbox.cloud import Cloud


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("checked"))
    made.up()
    return made


@pytest.fixture
def breakable(stack: Machine) -> Iterator[Machine]:
    """The deployed stack; what a test breaks is whole again after it."""
    kept = stack.cloud / "cloud.kept"
    shutil.copy(stack.cloud / "cloud.json", kept)
    yield stack
    kept.replace(stack.cloud / "cloud.json")


def remove(machine: Machine, pattern: str) -> None:
    """Take every resource whose id ends like that out of the cloud, behind Pulumi's back."""
    cloud = Cloud(machine.cloud)
    found = [r.id for r in cloud.all() if re.search(pattern, r.id, re.IGNORECASE)]
    assert found, f"nothing matches {pattern}"
    with cloud.change():
        for resource_id in found:
            cloud.remove(resource_id)


def test_whole_deployment_is_proven(stack: Machine, tmp_path: Path) -> None:
    verdict, junit = tmp_path / "verdict.json", tmp_path / "junit.xml"
    files = ("--json", str(verdict), "--junit", str(junit))
    done = stack.run(*CHECK, "--timeout", "10", *files)
    assert done.status == 0, done.text
    found = json.loads(verdict.read_text())
    assert found["verdict"] == "proven"
    assert {proof["status"] for proof in found["proofs"]} == {"seen"}
    (key,) = stack.outputs()["subscriptionKeys"].values()
    assert key not in done.text + verdict.read_text() + junit.read_text()


def test_calls_made_before_are_judged_in_one_look(stack: Machine, tmp_path: Path) -> None:
    verdict = tmp_path / "verdict.json"
    assert stack.run(*CHECK, "--timeout", "10").status == 0
    done = stack.run(*CHECK, "--no-traffic", "--json", str(verdict))
    assert done.status == 0, done.text
    proofs = {proof["id"]: proof["status"] for proof in json.loads(verdict.read_text())["proofs"]}
    assert {"call:text-turbo", "long", "refused", "error", "queries"} <= set(proofs)
    assert set(proofs.values()) == {"seen"}


def test_rows_arrive_late_and_in_any_order(stack: Machine) -> None:
    slow = ("--ingestion-delay", "6", "--seed", "7")
    done = stack.run(*CHECK, "--timeout", "10", options=slow)
    assert done.status == 0, done.text
    assert "waiting" in done.text


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_responses_call_without_messages_or_row_is_no_alarm(stack: Machine, seed: str) -> None:
    done = stack.run(*CHECK, "--timeout", "10", options=("--seed", seed))
    assert done.status == 0, done.text
    assert "text-turbo (responses)" in done.text


@pytest.mark.parametrize(
    ("broken", "status", "named"),
    [
        (r"/roleAssignments/[^/]+$", 1, "Cognitive Services OpenAI User"),
        (r"/apiLinks/[^/]+$", 1, "product"),
        (
            r"/apis/[^/]+/diagnostics/azuremonitor$",
            1,
            "diagnostic azuremonitor of the stack's API is missing",
        ),
        (r"/service/[^/]+/loggers/azuremonitor$", 1, "logger"),
        (r"/service/.*/diagnosticSettings/[^/]+$", 1, "diagnostic setting of API Management is"),
        (r"/accounts/.*/diagnosticSettings/[^/]+$", 1, "diagnostic setting of Azure OpenAI is"),
    ],
)
def test_broken_deployment_is_told_with_its_cause(
    breakable: Machine, broken: str, status: int, named: str
) -> None:
    remove(breakable, broken)
    done = breakable.run(*CHECK, "--timeout", "0.1")
    assert done.status == status, done.text
    assert named in done.text


def test_no_outputs_is_an_error_of_its_own(machine: Machine) -> None:
    done = machine.run(*CHECK)
    assert done.status == 2
    assert "pulumi up" in done.text
    assert "Traceback" not in done.text
