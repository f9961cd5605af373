"""The pack as the engine calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.policy import PolicyCustomTimeouts
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy
from rules.catalogue import POLICIES

from tests.policies.harness import urn

NAMED: dict[str, Any] = {policy.name: policy for policy in POLICIES}
OPTIONS = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
ACCOUNT = "cognitiveservices:Account"


def judge(name: str, token: str, props: dict[str, Any], **config: Any) -> list[str]:
    """What a rule reports of a resource of that full type."""
    reports: list[str] = []
    args = ResourceValidationArgs(
        token, unknown_checking_proxy(props), urn(token), "it", OPTIONS, None, config
    )
    NAMED[name].validate(args, lambda message, _urn=None: reports.append(message))
    return reports


@pytest.mark.parametrize(
    "token",
    [
        "azure-native:cognitiveservices:Account",
        "azure-native:cognitiveservices/v20230501:Account",
        "azure-native_cognitiveservices_v20241001:cognitiveservices:Account",
    ],
)
def test_every_version_of_a_type_is_judged(token: str) -> None:
    assert judge("account-without-keys", token, {"properties": {"disableLocalAuth": False}})
    assert not judge("account-without-keys", token, {"properties": {"disableLocalAuth": True}})


@pytest.mark.parametrize("token", ["pulumi:providers:azure-native", "aoai:index:Gateway"])
def test_other_resources_are_no_concern(token: str) -> None:
    for name, policy in NAMED.items():
        if hasattr(policy, "has_validation"):
            assert judge(name, token, {}) == []


def test_the_engines_unknown_value_becomes_an_advisory_text() -> None:
    props = {"properties": {"customSubDomainName": UNKNOWN_STRING_VALUE}}
    with pytest.raises(UnknownValueError) as raised:
        judge("account-custom-subdomain", f"azure-native:{ACCOUNT}", props)
    assert "`pulumi up` evaluates the rule again" in raised.value.message
    assert "property: properties.customSubDomainName" in raised.value.message


def test_what_is_wrong_is_reported_beside_what_is_unknown() -> None:
    """A value that is not known yet hides nothing that is known to be wrong."""
    reports: list[str] = []
    props = {
        "diagnosticId": "azuremonitor",
        "frontend": {"request": {"dataMasking": UNKNOWN_STRING_VALUE}},
    }
    args = ResourceValidationArgs(
        "azure-native:apimanagement:ApiDiagnostic",
        unknown_checking_proxy(props),
        urn("apimanagement:ApiDiagnostic"),
        "it",
        OPTIONS,
        None,
        {},
    )
    with pytest.raises(UnknownValueError):
        NAMED["secrets-masked"].validate(args, lambda message, _urn=None: reports.append(message))
    assert len(reports) == 2
    assert all("backend.request" in report for report in reports)


def test_a_stack_rule_judges_what_was_asked_for() -> None:
    """The engine shows stack rules outputs, in which the target of a setting is missing."""
    token = "azure-native:monitor:DiagnosticSetting"
    gateway = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/gw"
    asked = {"resourceUri": gateway, "logAnalyticsDestinationType": "AzureDiagnostics"}
    assert judge("tags", token, asked) == []
    shown = {"logAnalyticsDestinationType": "AzureDiagnostics"}
    seen = PolicyResource(token, shown, urn(token), "it", OPTIONS, None, None, [], {})
    reports: list[tuple[str, str | None]] = []
    NAMED["gateway-tables"].validate(
        StackValidationArgs([seen]), lambda message, of=None: reports.append((message, of))
    )
    ((message, of),) = reports
    assert 'wanted:   "Dedicated"' in message
    assert of == urn(token)


def test_every_rule_says_what_it_wants_and_where_that_comes_from() -> None:
    assert len(NAMED) == len(POLICIES)
    for policy in POLICIES:
        assert policy.description.endswith("."), policy.name
        assert policy.url is None or policy.url.startswith("https://")
    advisory = {p.name for p in POLICIES if p.enforcement_level == EnforcementLevel.ADVISORY}
    assert advisory == {"account-public-network", "model-known"}
    assert {policy.name for policy in POLICIES if not policy.url} == {"model-known"}


def test_every_parameter_is_declared_with_its_default() -> None:
    schema = NAMED["api-logging"].config_schema.properties
    assert schema["capture"] == {
        "type": "string",
        "description": "metadata accepts diagnostics that log no prompts and completions",
        "default": "full",
        "enum": ["full", "metadata"],
    }
    assert schema["exempt"]["items"] == {"type": "string"}
    assert schema["bodyBytes"]["default"] == 8192


def test_every_rule_and_its_level_is_documented() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "guardrails.md").read_text()
    for name, policy in NAMED.items():
        assert f"| `{name}` | {policy.enforcement_level.value} |" in documented
