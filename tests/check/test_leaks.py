"""What a row holds of a key or a token is shown to nobody, whole or cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from queries import outputs as reader
from queries.check import leaks
from queries.check.traffic import OthersTraffic
from queries.outputs import Consumer
from tests.check.stack import KEY, outputs
from tests.check.test_keys import NOW

TOKEN = f"{'eyJhbGciOiJSUzI1NiJ9'}.{'eyJhdWQiOiJhcGk6Ly9nIn0'}.{'s1gnature' * 9}"


@pytest.mark.parametrize("secret", [KEY, TOKEN])
@pytest.mark.parametrize("share", [0.4, 0.7, 1.0])
def test_a_secret_that_a_log_has_cut_is_hidden(secret: str, share: float) -> None:
    caller = Consumer(name="aoai-test", key=SecretStr(secret))
    target = replace(reader.target(outputs()), callers=(caller,))
    cut = secret[: int(len(secret) * share)]
    traffic = OthersTraffic(until=NOW)
    for said in (f"RequestBody is {cut}", f"{cut}, not {cut}…", f"{cut}{cut}"):
        found = leaks.hidden(target, traffic, said)
        assert "***" in found
        assert secret[:12] not in found, found
    assert leaks.hidden(target, traffic, "RequestBody is 01234") == "RequestBody is 01234"
