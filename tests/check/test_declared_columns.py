"""Product and revision of every row are the deployed ones, not only alike."""

from __future__ import annotations

from typing import Any

import pytest

from tests.check.arm import API, SUBSCRIPTION
from tests.check.conftest import Run
from tests.check.reading import LOGS, of, without

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"ProductId": "theirs"}, "ProductId is theirs, not aoai"),
        ({"ApiRevision": "2"}, "ApiRevision is 2, and the current one is 1"),
    ],
)
def test_rows_that_all_name_another_fail(run: Run, columns: dict[str, Any], says: str) -> None:
    run.azure.change = {LOGS: without(**columns)}

    status, detail, _ = of(run(), "whole")

    assert (status, says in detail) == ("failed", True), detail


@pytest.mark.parametrize("columns", [{"ProductId": "AOAI"}, {"ApiRevision": "1"}])
def test_what_is_deployed_is_right(run: Run, columns: dict[str, Any]) -> None:
    run.azure.change = {LOGS: without(**columns)}

    assert run().verdict == "proven"


def test_a_key_to_no_product_names_none(run: Run) -> None:
    """Its rows are alike, and nobody has said what they name."""
    run.azure.arm.set(SUBSCRIPTION, "scope", API)
    run.azure.change = {LOGS: without(ProductId="any")}

    assert of(run(), "whole")[0] == "seen"


def test_a_revision_that_cannot_be_read_is_not_judged(run: Run) -> None:
    run.azure.arm.denied = ("/apis",)
    run.azure.change = {LOGS: without(ApiRevision="2")}

    assert of(run(), "whole")[0] == "seen"
