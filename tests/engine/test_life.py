"""The whole life of the stack, by the real engine."""

from __future__ import annotations

import re
from pathlib import Path

from harness.machine import Machine
from sandbox.cloud import Cloud
from sandbox.options import Options
from sandbox.session import session

WHICH = ("primary", "secondary")


def test_whole_life(machine: Machine) -> None:
    preview = machine.pulumi("preview")
    planned = re.search(r"\+ (\d+) to create", preview)
    assert planned, preview
    assert not machine.changes(), "a preview changes nothing"
    assert '"V1_Responses_Create"' in preview, "the output of imported operations is known"

    machine.up()
    made = len(machine.changes())
    assert f"{planned[1]} unchanged" in machine.pulumi("up", "--yes", "--expect-no-changes")
    machine.pulumi("refresh", "--yes", "--expect-no-changes")
    machine.pulumi("preview", "--expect-no-changes")
    assert len(machine.changes()) == made

    machine.configure(bodyBytes=4096)
    diff = machine.pulumi("preview", "--diff")
    assert diff.count("bytes: 8192 => 4096") == 2, "of both requests"
    assert "~ 1 to update" in diff
    machine.up()
    assert [e["name"] for e in machine.changes()[made:]] == ["azuremonitor"]

    machine.pulumi("destroy", "--yes")
    left = machine.leftovers()
    assert left.status == 0, left.text
    assert "live: 0" in left.text
    assert "only soft-deleted: 3" in left.text


def test_stack_comes_back_after_a_destroy_although_azure_keeps_the_old_names(
    machine: Machine,
) -> None:
    machine.up()
    first = machine.outputs()
    machine.pulumi("destroy", "--yes")
    machine.up()
    second = machine.outputs()
    assert first["gatewayUrl"] != second["gatewayUrl"]
    assert first["workspaceCustomerId"] != second["workspaceCustomerId"]


def test_given_names_that_azure_keeps_are_refused_with_its_reason(machine: Machine) -> None:
    machine.configure(gatewayName="apim-given")
    machine.up()
    machine.pulumi("destroy", "--yes")
    text = machine.up(fails=True)
    assert "az apim deletedservice purge --service-name apim-given" in " ".join(text.split())


def test_no_key_is_in_clear_anywhere(deployed: Machine) -> None:
    (key,) = deployed.outputs()["subscriptionKeys"].values()
    assert len(key) == 32
    shown = deployed.pulumi("stack", "output")
    assert key not in shown
    assert "[secret]" in shown
    deployed.pulumi("stack", "export", "--file", str(deployed.cloud / "export.json"))
    files = [path for path in deployed.cloud.rglob("*") if path.is_file()]
    assert any(path.name == "dev.json" for path in files), "the state was searched"
    for path in [*files, deployed.journal_file]:
        assert key.encode() not in path.read_bytes(), path
    for command in ("preview --json", "preview --diff", "refresh --yes --diff"):
        assert key not in deployed.pulumi(*command.split())


def test_no_key_is_in_clear_even_in_the_engines_own_log_if_pulumi_never_gets_one(
    machine: Machine,
) -> None:
    """From verbosity 3 on the engine logs whatever it handles, secrets too."""
    machine.configure(exportKeys=False)
    said = machine.up() + machine.pulumi(
        *["preview", "--diff", "--debug", "--logtostderr", "--logflow", "-v=9"]
    )
    with session(Options(folder=machine.cloud)):
        cloud = Cloud(machine.cloud)
        made = cloud.of_type("Microsoft.ApiManagement/service/subscriptions")
        keys = [cloud.subscription_key(one, which) for one in made for which in WHICH]
    assert all(len(key) == 32 for key in keys)
    assert keys
    assert "RegisterResource" in said, "the engine's log was searched"
    assert not [key for key in keys if key in said]
    check = machine.run("python", "-m", "queries.check", "--stack", "dev", "--timeout", "10")
    assert check.status == 0, check.text
    assert not [key for key in keys if key in check.text]


def test_stack_file_is_left_as_it_was(machine: Machine) -> None:
    file = machine.project / "Pulumi.dev.yaml"
    before = file.read_text()
    machine.up()
    assert file.read_text() == before


def test_project_stands_without_its_tests(deployed: Machine) -> None:
    names = {path.name for path in Path(deployed.project).iterdir()}
    assert not {"tests", "sandbox"} & names
