"""Brings into the state what Azure made and nobody was told of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tests.engine.machine import Machine
from tests.example import ROOT


def adopt(machine: Machine, orphans: Iterable[dict[str, Any]]) -> str:
    """Run the command that README names or, where it is not there yet, what it stands for."""
    if (ROOT / "tools" / "adopt").exists():
        return machine.run("python", "-m", "tools.adopt", "--stack", "dev", "--yes").text
    file = machine.project / "orphans.json"
    file.write_text(json.dumps(_imports(machine, orphans)))
    return machine.pulumi(
        "import", "--file", str(file), "--yes", "--skip-preview", "--protect=false",
        "--generate-code=false", "--suppress-outputs",
    )  # fmt: skip


def _imports(machine: Machine, orphans: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What `pulumi import --file` takes: each orphan under the parent that its URN names.

    https://www.pulumi.com/docs/iac/adopting-pulumi/import/#bulk-import-operations
    """
    state = json.loads(machine.pulumi("stack", "export"))["deployment"]["resources"]
    parents = {one["type"]: one["urn"] for one in state if not one["custom"]}
    names: dict[str, str] = {}
    resources = []
    for orphan in orphans:
        outer = orphan["urn"].split("::")[2].rpartition("$")[0].rpartition("$")[2]
        entry = {"type": orphan["type"], "name": orphan["urn"].rpartition("::")[2]}
        entry["id"] = orphan["id"]
        if outer:
            entry["parent"] = outer.replace(":", "-")
            names[entry["parent"]] = parents[outer]
        resources.append(entry)
    return {"nameTable": names, "resources": resources}
