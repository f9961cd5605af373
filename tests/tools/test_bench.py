"""Nothing waits longer than Azure makes it wait."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tools import bench, up_bench


def entry(name: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "start": start, "end": end, "inputs": {}, "type": "t", **more}


def test_up_takes_no_longer_than_the_chain_that_azure_forces(tmp_path: Path) -> None:
    ratio, chain = up_bench.least_up_ratio(tmp_path)
    assert 1 <= ratio <= up_bench.UP_BAR
    assert "rg-activategenai > apim-" in chain


def test_the_chain_of_four_accounts_leads_over_their_pools(tmp_path: Path) -> None:
    """How much longer `up` takes, `make bench` tells: it sleeps long enough for that."""
    ratio, chain = up_bench.up_ratio(tmp_path, bench.of_four(tmp_path))
    assert ratio >= 1
    assert "failover-check > policy" in chain or "pool.text-" in chain


def test_chain_follows_containment_reference_and_lock() -> None:
    scope = "/subscriptions/s/resourceGroups/g"
    service = f"{scope}/providers/Microsoft.ApiManagement/service/a"
    creates = [
        entry("g", 0, 1, id=scope),
        entry("a", 1, 101, id=service),
        entry("aside", 1, 51, id=f"{scope}/providers/x/y/aside"),
        entry("api", 101, 111, id=f"{service}/apis/api"),
        entry("one", 111, 121, id=f"{service}/apis/api/policies/one"),
        entry("two", 121, 131, id=f"{service}/apis/api/diagnostics/two"),
        entry("other", 101, 106, id=f"{service}/products/other"),
    ]
    assert up_bench.longest_chain(creates) == (131.0, ["g", "a", "api", "one", "two"])


def test_empty_program_imports_what_the_stack_imports(tmp_path: Path) -> None:
    """It has none of the project, and runs where the project is not."""
    lines = bench.imports(bench.program())
    for package in ("apimanagement", "operationalinsights", "monitor"):
        assert f"{package}._utilities\n" in lines
    (tmp_path / "empty.py").write_text("".join(lines))
    subprocess.run([sys.executable, "-I", "empty.py"], cwd=tmp_path, check=True)


def test_a_resource_whose_name_begins_alike_is_not_waited_for() -> None:
    api = entry("api", 0, 1, id="/g/api")
    for reference, forced in (("/g/api", True), ("/g/api/products/p", True), ("/g/api-2", False)):
        later = entry("other", 1, 2, id="/g/other", inputs={"of": reference})
        assert up_bench.is_forced_before(api, later) is forced
