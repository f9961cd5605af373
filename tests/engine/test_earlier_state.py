"""A stack that an earlier version made, whose diagnostic was still a generic resource."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from harness import kills
from harness.machine import Machine

GENERIC = "azure-native:resources:Resource"
ADOPT = (sys.executable, "-m", "tools.adopt", "--yes")
DIAGNOSTIC = ":ApiDiagnostic"
FLAT = ("resourceGroupName", "serviceName", "apiId", "diagnosticId")
"""Inputs that are no property of the resource in Azure."""


@pytest.fixture
def earlier(machine: Machine) -> Machine:
    """The example stack, with the state that the earlier version left."""
    machine.up()
    document = json.loads(machine.pulumi("stack", "export"))
    resources = document["deployment"]["resources"]
    (typed,) = (one for one in resources if one["type"].endswith(DIAGNOSTIC))
    (policy,) = (one for one in resources if one["type"].endswith(":ApiPolicy"))
    own_provider = typed["provider"].rpartition("::")[0]
    made = json.dumps([one for one in resources if one["urn"] != own_provider])
    replaced = json.loads(made.replace(typed["urn"], _earlier_urn(typed)))
    (entry,) = (one for one in replaced if one["urn"] == _earlier_urn(typed))
    entry |= {"type": GENERIC, "provider": policy["provider"], **_generic(typed)}
    document["deployment"]["resources"] = replaced
    file = machine.project / "state.json"
    file.write_text(json.dumps(document))
    machine.pulumi("stack", "import", "--file", str(file))
    return machine


def _earlier_urn(typed: dict[str, Any]) -> str:
    return str(typed["urn"].replace(typed["type"], GENERIC))


def _generic(typed: dict[str, Any]) -> dict[str, Any]:
    """Inputs and outputs of the generic resource that is the same in Azure."""
    given = typed["inputs"]
    properties = {k: v for k, v in given.items() if k not in FLAT and not k.startswith("__")}
    inputs = {
        "apiVersion": "2024-06-01-preview",
        "resourceGroupName": given["resourceGroupName"],
        "resourceProviderNamespace": "Microsoft.ApiManagement",
        "parentResourcePath": f"service/{given['serviceName']}/apis/{given['apiId']}",
        "resourceType": "diagnostics",
        "resourceName": given["diagnosticId"],
        "properties": properties,
    }
    sources = typed.get("propertyDependencies") or {}
    parents = [*(sources.get("serviceName") or []), *(sources.get("apiId") or [])]
    depends = {
        "resourceGroupName": sources.get("resourceGroupName") or [],
        "parentResourcePath": parents,
        "properties": sources.get("loggerId") or [],
    }
    outputs = {**typed["outputs"], "type": "Microsoft.ApiManagement/service/apis/diagnostics"}
    outputs = {k: v for k, v in outputs.items() if k not in properties}
    return {
        "inputs": inputs,
        "outputs": {**outputs, "properties": properties},
        "propertyDependencies": depends,
    }


def test_up_makes_the_diagnostic_anew_and_deletes_nothing_else(earlier: Machine) -> None:
    done = len(earlier.changes())
    earlier.up()
    changes = [(one["op"], one["id"].rpartition("/apis/")[2]) for one in earlier.changes()[done:]]
    gone = [what for op, what in changes if op == "delete"]
    assert gone == ["miyagi-api/diagnostics/azuremonitor"]
    assert [what for op, what in changes if op == "create"] == gone
    earlier.pulumi("preview", "--expect-no-changes")
    assert not [one for one in kills.state(earlier)["resources"] if one["type"] == GENERIC]
    kills.assert_proven(earlier)


def test_adopt_before_that_up_touches_nothing(earlier: Machine) -> None:
    before, done = kills.state(earlier), len(earlier.changes())
    adopted = earlier.run(*ADOPT)
    assert adopted.status == 0, adopted.text
    assert "nothing to adopt" in adopted.text
    assert kills.state(earlier)["resources"] == before["resources"]
    assert len(earlier.changes()) == done


def test_adopt_between_two_ups_of_which_one_was_cut_off(earlier: Machine) -> None:
    """The new provider is in the state, the diagnostic not yet made anew: it is not adopted."""
    faults = earlier.project / "faults.json"
    fault = {"op": "delete", "type": GENERIC, "status": 409, "code": "Conflict"}
    faults.write_text(json.dumps([fault]))
    earlier.up(options=("--faults", str(faults)), fails=True)
    state = kills.state(earlier)["resources"]
    assert [one for one in state if one["urn"].endswith("-preview-version")]
    adopted = earlier.run(*ADOPT)
    assert adopted.status == 0, adopted.text
    assert "nothing to adopt" in adopted.text

    earlier.up()
    earlier.pulumi("preview", "--expect-no-changes")
    kills.assert_proven(earlier)
