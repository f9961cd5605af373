"""The pack as the engine and its configuration call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pack import configuration
from pack.catalogue import POLICIES
from pack.kinds import Kind
from pack.resource import UNKNOWN, kind_of
from pulumi_policy import EnforcementLevel

from tests.policies.harness import EXAMPLE, PRIVATE, SEVERAL, changed, example, said

NAMED: dict[str, Any] = {policy.name: policy for policy in POLICIES}


def test_what_is_wrong_is_reported_beside_what_is_unknown() -> None:
    """A value that is not known yet hides nothing that is known to be wrong."""
    stack = changed("openai-api-diagnostic", "frontend/request/dataMasking", UNKNOWN)
    stack = changed("openai-api-diagnostic", "backend/request/body/bytes", 0, stack)
    told = said(stack)
    assert "property: backend.request.body.bytes" in told.text
    assert "property: frontend.request.dataMasking" in told.unclear["api-logging"]
    assert "`pulumi up` evaluates" in told.unclear["api-logging"]
    inside = changed("gateway-diagnostics", "logs", [{"categoryGroup": UNKNOWN, "enabled": True}])
    assert "property: logs" in said(inside).unclear["diagnostic-settings"]


def test_every_kind_that_is_judged_is_in_the_example() -> None:
    on_request, recorded = {Kind.RAI_POLICY, Kind.VAULT}, (EXAMPLE, SEVERAL, PRIVATE)
    shown = [one for file in recorded for one in example(file).values()]
    assert {kind_of(one["type"]) for one in shown} == set(Kind) - on_request


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nosuch": {}}, "a policy is named 'nosuch'; wanted: account, account-public-network, "),
        ({"account": {"maxx": 1}}, "a parameter of account is named 'maxx'; wanted: also, "),
        ({"all": {"days": 1}}, "wanted: enforcementLevel; fix: correct or remove 'days'"),
    ],
)
def test_a_name_that_nobody_would_read_is_refused(
    tmp_path: Path, given: dict[str, Any], words: str
) -> None:
    (tmp_path / "guardrails.prod.json").write_text(json.dumps(given))
    with pytest.raises(SystemExit) as raised:
        configuration.check(POLICIES, tmp_path)
    assert words in str(raised.value)


def test_every_name_of_the_pack_may_be_configured(tmp_path: Path) -> None:
    every = {
        name: dict.fromkeys(policy.config_schema.properties if policy.config_schema else (), 1)
        for name, policy in NAMED.items()
    }
    (tmp_path / "guardrails.json").write_text(json.dumps({**every, "all": "mandatory"}))
    configuration.check(POLICIES, tmp_path)
    configuration.check(POLICIES)


def test_every_policy_says_what_it_wants_and_where_that_comes_from() -> None:
    assert len(NAMED) == len(POLICIES)
    for policy in POLICIES:
        assert policy.description.endswith("."), policy.name
        assert str(policy.url).startswith("https://"), policy.name
    advisory = {p.name for p in POLICIES if p.enforcement_level == EnforcementLevel.ADVISORY}
    assert advisory >= {"account-public-network", "model-open", "model-known"}


def test_every_parameter_is_declared_with_its_default() -> None:
    schema = NAMED["api-logging"].config_schema.properties
    assert schema["capture"] == {
        "type": "string",
        "description": "metadata accepts diagnostics that log no prompts and completions",
        "default": "full",
        "enum": ["full", "metadata"],
    }
    assert schema["also"]["items"] == {"type": "string", "pattern": r"^(ApiDiagnostic)\..+"}
    assert schema["bodyBytes"]["default"] == 8192
