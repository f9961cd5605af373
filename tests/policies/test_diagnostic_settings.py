from __future__ import annotations

from typing import Any

from rules import diagnostic_settings as rules
from rules.resource import UNKNOWN, Resource

from tests.policies.harness import linked, passes, resource, said, stack, unknown, wrong

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
ACCOUNT = resource("cognitiveservices:Account", {"accountName": "contoso"}, "account")
GATEWAY = resource("apimanagement:ApiManagementService", {"serviceName": "contoso"}, "gateway")
IDS = "/subscriptions/s/resourceGroups/g/providers"
ACCOUNT_ID = f"{IDS}/Microsoft.CognitiveServices/accounts/contoso"
GATEWAY_ID = f"{IDS}/Microsoft.ApiManagement/service/contoso"


def setting(target: Any, **changes: Any) -> Resource:
    props = {
        "resourceUri": target,
        "workspaceId": WORKSPACE,
        "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        "metrics": [{"category": "AllMetrics", "enabled": True}],
        "logAnalyticsDestinationType": "Dedicated",
        **changes,
    }
    return resource("monitor:DiagnosticSetting", props, "setting")


def following(target: Resource, **changes: Any) -> Resource:
    """A setting whose target is not known yet, but comes from that resource."""
    props = setting(UNKNOWN, **changes).props
    return resource("monitor:DiagnosticSetting", props, "later", links=linked(resourceUri=target))


def test_everything_is_sent() -> None:
    rule = rules.everything_to_a_workspace
    assert passes(rule, stack(ACCOUNT, GATEWAY, setting(ACCOUNT_ID), setting(GATEWAY_ID)))
    assert passes(rule, stack(ACCOUNT, following(ACCOUNT)))


def test_nothing_is_sent() -> None:
    report = wrong_both(stack(ACCOUNT))
    assert "account diagnostic setting: logs wrong" in report
    assert "account diagnostic setting: metrics wrong" in report
    assert wrong_both(stack(ACCOUNT, setting(GATEWAY_ID))) == report


def wrong_both(subject: Any) -> list[str]:
    return said(rules.everything_to_a_workspace(subject, {}))


def test_less_than_everything_is_sent() -> None:
    rule = rules.everything_to_a_workspace
    some = [{"category": "RequestResponse", "enabled": True}]
    assert "RequestResponse" in wrong(rule, stack(ACCOUNT, setting(ACCOUNT_ID, logs=some)))
    off = [{"category": "AllMetrics", "enabled": False}]
    assert "metrics" in wrong(rule, stack(ACCOUNT, setting(ACCOUNT_ID, metrics=off)))
    assert len(wrong_both(stack(ACCOUNT, setting(ACCOUNT_ID, workspaceId=None)))) == 2


def test_two_settings_may_share_the_work() -> None:
    subject = stack(ACCOUNT, setting(ACCOUNT_ID, logs=[]), setting(ACCOUNT_ID, metrics=[]))
    assert passes(rules.everything_to_a_workspace, subject)


def test_what_is_not_known_is_said() -> None:
    rule = rules.everything_to_a_workspace
    assert unknown(rule, stack(ACCOUNT, setting(UNKNOWN)))
    assert unknown(rule, stack(ACCOUNT, setting(ACCOUNT_ID, workspaceId=UNKNOWN)))
    assert unknown(rule, stack(ACCOUNT, setting(ACCOUNT_ID, logs=UNKNOWN)))
    unnamed = resource("cognitiveservices:Account", {"accountName": UNKNOWN}, "unnamed")
    assert unknown(rule, stack(unnamed, setting(ACCOUNT_ID)))
    assert len(wrong_both(stack(unnamed, setting(GATEWAY_ID)))) == 2
    workspace = resource("operationalinsights:Workspace", name="workspace")
    known_to_come = resource(
        "monitor:DiagnosticSetting",
        setting(ACCOUNT_ID, workspaceId=UNKNOWN).props,
        links=linked(workspaceId=workspace),
    )
    assert passes(rule, stack(ACCOUNT, workspace, known_to_come))


def test_only_what_fills_tables_names_their_kind() -> None:
    rule, plain = rules.dedicated_tables, {"logAnalyticsDestinationType": None}
    assert "not set" in wrong(rule, stack(setting(GATEWAY_ID, **plain)))
    assert passes(rule, stack(setting(GATEWAY_ID, **plain, workspaceId=None))), "to an event hub"
    assert passes(rule, stack(setting(GATEWAY_ID, **plain, logs=None))), "metrics only"
    off = [{"categoryGroup": "allLogs", "enabled": False}]
    assert passes(rule, stack(setting(GATEWAY_ID, **plain, logs=off)))


def test_a_setting_of_something_else_hides_nothing() -> None:
    """At preview every id is unknown, but it comes from one resource and no other."""
    missing = wrong_both(stack(ACCOUNT, GATEWAY, following(ACCOUNT)))
    assert missing == [
        "gateway diagnostic setting: logs wrong",
        "gateway diagnostic setting: metrics wrong",
    ]


def test_gateway_logs_go_to_tables_of_their_own() -> None:
    rule = rules.dedicated_tables
    assert passes(rule, stack(GATEWAY, following(GATEWAY)))
    plain = {"logAnalyticsDestinationType": None}
    assert "not set" in wrong(rule, stack(GATEWAY, following(GATEWAY, **plain)))
    assert "AzureDiagnostics" in wrong(
        rule, stack(setting(GATEWAY_ID, logAnalyticsDestinationType="AzureDiagnostics"))
    ), "an existing gateway, by its id"
    assert passes(rule, stack(ACCOUNT, following(ACCOUNT, **plain)))
    by_group = following(resource("resources:ResourceGroup", name="group"), **plain)
    assert passes(rule, stack(GATEWAY, ACCOUNT, following(ACCOUNT, **plain)))
    for whose in (setting(UNKNOWN, **plain), by_group):
        assert unknown(rule, stack(GATEWAY, whose)), "a gateway's, perhaps"
        assert unknown(rule, stack(resource("resources:ResourceGroup", name="group"), whose))
    assert passes(rule, stack(setting(UNKNOWN))), "Dedicated, whosever it is"
    unclear = {"logAnalyticsDestinationType": UNKNOWN}
    assert unknown(rule, stack(GATEWAY, following(GATEWAY, **unclear)))
