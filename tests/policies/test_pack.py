"""The pack as the engine calls it."""

from __future__ import annotations

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
from rules import configuration
from rules.catalogue import POLICIES
from rules.engine import NotSeenError

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
    props = {
        "diagnosticId": "azuremonitor",
        "frontend": {"request": {"dataMasking": UNKNOWN_STRING_VALUE}},
    }
    reports: list[str] = []
    with pytest.raises(UnknownValueError):
        judge_stack("secrets-masked", reports, ("azure-native:apimanagement:ApiDiagnostic", props))
    assert len(reports) == 2
    assert all("backend.request" in report for report in reports)


def judge_stack(name: str, reports: list[str], *resources: tuple[str, dict[str, Any]]) -> None:
    """Have a rule judge a stack, after the engine has shown each of its resources."""
    seen = []
    for token, props in resources:
        judge("inputs-seen", token, props)
        seen.append(PolicyResource(token, {}, urn(token), "it", OPTIONS, None, None, [], {}))
    NAMED[name].validate(
        StackValidationArgs(seen), lambda message, _urn=None: reports.append(message)
    )


def test_a_stack_rule_judges_what_was_asked_for() -> None:
    """The engine shows stack rules outputs, in which the target of a setting is missing."""
    token = "azure-native:monitor:DiagnosticSetting"
    gateway = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/gw"
    asked: dict[str, Any] = {"resourceUri": gateway}
    asked |= {"logAnalyticsDestinationType": "AzureDiagnostics"}
    asked |= {"workspaceId": "w", "logs": [{"categoryGroup": "allLogs", "enabled": True}]}
    assert judge("inputs-seen", token, asked) == []
    shown = {"logAnalyticsDestinationType": "AzureDiagnostics"}
    seen = PolicyResource(token, shown, urn(token), "it", OPTIONS, None, None, [], {})
    reports: list[tuple[str, str | None]] = []
    NAMED["gateway-tables"].validate(
        StackValidationArgs([seen]), lambda message, of=None: reports.append((message, of))
    )
    ((message, of),) = reports
    assert 'wanted:   "Dedicated"' in message
    assert of == urn(token)


def test_a_stack_that_no_rule_saw_is_not_passed() -> None:
    token = "azure-native:apimanagement:Api"
    unseen = PolicyResource(token, {}, "urn:unseen", "it", OPTIONS, None, None, [], {})
    with pytest.raises(NotSeenError, match="no rule saw what was asked for it"):
        NAMED["api-diagnostic"].validate(StackValidationArgs([unseen]), lambda *_: None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nosuch": []}, "there is no rule 'nosuch'; wanted: account-custom-subdomain, "),
        ({"capacity": ["maxx"]}, "capacity has no parameter 'maxx'; wanted: maximum; fix: "),
        ({"model-known": ["days"]}, "wanted: none, only a level; fix: "),
    ],
)
def test_a_name_that_nobody_would_read_is_refused(given: dict[str, list[str]], words: str) -> None:
    with pytest.raises(configuration.UnknownNameError) as raised:
        configuration.check(given, POLICIES)
    assert words in str(raised.value)


def test_every_name_of_the_pack_may_be_configured() -> None:
    every = {
        name: list(policy.config_schema.properties) if policy.config_schema else []
        for name, policy in NAMED.items()
    }
    configuration.check({**every, "all": []}, POLICIES)


@pytest.mark.parametrize(
    "token",
    [
        "insights:Workbook",
        "applicationinsights:Workbook",
        "monitor:ActionGroup",
        "monitor:ActivityLogAlert",
        "monitor:MetricAlert",
        "monitor:ScheduledQueryRule",
        "operationalinsights:SavedSearch",
    ],
)
def test_what_watches_a_stack_is_refused_by_no_rule(token: str) -> None:
    """Some of these take no tags, or stand in no region; no rule asks for what they cannot have."""
    props = {"location": "global"}
    for name, policy in NAMED.items():
        if hasattr(policy, "has_validation"):
            assert judge(name, f"azure-native:{token}", props, locations=["eastus"]) == []
        else:
            reports: list[str] = []
            judge_stack(name, reports, (f"azure-native:{token}", props))
            assert reports == []


def test_every_rule_says_what_it_wants_and_where_that_comes_from() -> None:
    assert len(NAMED) == len(POLICIES)
    for policy in POLICIES:
        assert policy.description.endswith("."), policy.name
        assert policy.url is None or policy.url.startswith("https://")
        assert policy.url or policy.enforcement_level == EnforcementLevel.ADVISORY, policy.name


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
