"""What operators are told, and how the stack file changes it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.alerts.accounting_rules import BY_KEY
from components.alerts.catalogue import LOG_RULES, NAMES, RULES
from queries import library
from queries.library import price_list
from tests.components.harness import SECRET, Json, Run, run_program
from tests.components.test_bad_input import refusal
from tests.components.test_existing import OTHER, WORKSPACE
from tests.components.test_existing_account import (
    ACCOUNT,
    FOUND,
    GET_ACCOUNT,
    GET_DEPLOYMENT,
    HERE,
)

RECEIVERS: Json = {
    "alertEmails": ["on-call@example.com", "platform@example.com"],
    "alertWebhooks": ["https://hooks.example.com/azure?token=s3cret"],
}
CONSUMER = {"name": "team-a", "displayName": "Team A"}
RATES = {"input": 1, "output": 2}
SPENDING = {**CONSUMER, "monthlyCost": 1}
BY_TOKEN = {
    "name": "by-token",
    "model": "gpt-5.1",
    "version": "2025-11-13",
    "sku": "Standard",
    "capacity": 50,
}
RESERVED = {**BY_TOKEN, "name": "reserved", "sku": "GlobalProvisionedManaged"}


def alerts(run: Run) -> set[str]:
    names = (request.name for request in run.requests.values())
    return {name.removeprefix("alert-") for name in names if name.startswith("alert-")}


def query(run: Run, rule: str) -> str:
    return str(run.inputs(f"alert-{rule}")["criteria"]["allOf"][0]["query"])


def parameter(text: str, name: str) -> Any:
    """The value of a parameter that is a map."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"let {name} = ")]
    return json.loads(line.removeprefix(f"let {name} = dynamic(").removesuffix(");"))


def test_the_example_has_every_rule_whose_subject_it_has(example: Run) -> None:
    everything = run_program({"deployments": [BY_TOKEN, RESERVED], "consumers": [SPENDING]})
    assert alerts(everything) == set(NAMES)
    assert set(NAMES) - alerts(example) == {"budget", "ptu-utilization"}


def test_without_insights_there_is_none() -> None:
    run = run_program({"insights": "false", **RECEIVERS})
    named = [r.name for r in run.requests.values() if r.type.startswith("aoai:index:Insights")]
    assert not named
    assert not alerts(run)
    assert "action-group" not in {request.name for request in run.requests.values()}


def test_without_a_receiver_there_is_no_action_group(example: Run) -> None:
    assert "action-group" not in {request.name for request in example.requests.values()}
    assert not example.inputs("alert-errors")["actions"].get("actionGroups")
    assert not example.inputs("alert-harmful-calls").get("actions")


def test_every_alert_tells_every_receiver_in_one_shape() -> None:
    run = run_program(RECEIVERS)
    group = run.inputs("action-group")
    emails = group["emailReceivers"]
    assert [one["emailAddress"] for one in emails] == RECEIVERS["alertEmails"]
    receivers = emails + group["webhookReceivers"]
    assert all(one["useCommonAlertSchema"] is True for one in receivers)
    assert len({one["name"] for one in receivers}) == 3
    assert (group["location"], group["actionGroupName"]) == ("Global", "ag-abc123")
    for rule in alerts(run):
        actions = run.inputs(f"alert-{rule}")["actions"]
        ids = (
            actions["actionGroups"] if isinstance(actions, dict) else [actions[0]["actionGroupId"]]
        )
        assert ids == ["/id/action-group"], rule


def test_a_webhook_is_secret_everywhere() -> None:
    run = run_program(RECEIVERS)
    (webhook,) = run.inputs("action-group")["webhookReceivers"]
    assert webhook["serviceUri"] == {**SECRET, "value": RECEIVERS["alertWebhooks"][0]}
    assert "webhookReceivers" in run.request("action-group").additionalSecretOutputs
    others = [r for r in run.requests.values() if r.name != "action-group"]
    assert "s3cret" not in f"{others}{run.outputs}{run.stack}"


@pytest.mark.parametrize("address", ["http://a.example/s3cret", "s3cret", 7, {"a": "s3cret"}])
def test_a_wrong_webhook_is_reported_without_its_address(address: object) -> None:
    report = refusal({"alertWebhooks": [address]})
    assert "alertWebhooks" in report
    assert "https URL" in report
    assert "s3cret" not in report


def test_a_webhook_in_clear_is_refused_with_the_command_that_mends_it() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run_program(RECEIVERS, secret=())
    report = str(caught.value)

    assert report.startswith("1 configuration value is wrong in stack 'dev'")
    assert "allowed: secret values only" in report
    assert "fix:     pulumi config set --secret --path 'alertWebhooks[0]' <value>" in report
    assert "s3cret" not in report


def test_no_webhook_need_not_be_secret() -> None:
    assert alerts(run_program({"alertEmails": ["a@example.com"]}, secret=()))


def test_titles_name_the_stack(example: Run) -> None:
    for rule in LOG_RULES:
        if f"alert-{rule.name}" in {request.name for request in example.requests.values()}:
            declared = example.inputs(f"alert-{rule.name}")
            assert declared["displayName"] == f"{rule.title} (dev)"


def test_the_stack_file_changes_severity_threshold_and_enablement() -> None:
    changes = {
        "errors": {"severity": 0, "threshold": 2.5},
        "harmful-calls": {"enabled": False, "threshold": 0},
        "token-usage": {"severity": 3},
    }
    run = run_program({"alerts": changes})
    errors = run.inputs("alert-errors")
    assert (errors["severity"], errors["enabled"]) == (0, True)
    assert errors["criteria"]["allOf"][0]["threshold"] == 2.5
    harmful = run.inputs("alert-harmful-calls")
    assert (harmful["severity"], harmful["enabled"]) == (2, False)
    assert harmful["criteria"]["allOf"][0]["threshold"] == 0
    assert run.inputs("alert-token-usage")["severity"] == 3
    assert run.inputs("alert-latency")["criteria"]["allOf"][0]["threshold"] == 60_000


@pytest.mark.parametrize(
    ("config", "found", "allowed"),
    [
        ({"alerts": {"erors": {}}}, "alerts = {", "unknown: erors"),
        ({"alerts": {"erors": {}}}, "alerts = {", "harmful-calls, ptu-utilization, errors"),
        ({"alerts": {"errors": {"treshold": 1}}}, "alerts.errors.treshold is not", "threshold?"),
        ({"alerts": {"errors": {"severity": 5}}}, "alerts.errors.severity = 5", "from 0 to 4"),
        ({"alerts": {"errors": {"enabled": "?"}}}, "alerts.errors.enabled =", "true or false"),
        ({"alerts": {"errors": {"threshold": -1}}}, "alerts.errors.threshold = -1", "0 or more"),
        ({"alerts": {"errors": {"threshold": "x"}}}, 'alerts.errors.threshold = "x"', "a number"),
        (
            {"alerts": {"token-usage": {"threshold": 9}}},
            "alerts = {",
            "no threshold for token-usage",
        ),
        ({"alerts": ["errors"]}, 'alerts = ["errors"]', "a map by rule name"),
        ({"alertEmails": ["me"]}, 'alertEmails[0] = "me"', "an e-mail address"),
        ({"alertEmails": ["a@b.c", "a@b.c"]}, "alertEmails = [", "none of them twice"),
        ({"alertEmails": "a@b.c"}, 'alertEmails = "a@b.c"', "a list of e-mail addresses"),
        (
            {"prices": {"gpt-5.1": {"input": 1}}},
            'prices["gpt-5.1"].output is missing',
            "US dollars",
        ),
        ({"prices": {"m": {"input": -1, "output": 1}}}, "prices.m.input = -1", "0 or more"),
        (
            {"prices": {"gpt-X": {"input": 1, "output": 1}, "GPT-x": {"input": 1, "output": 1}}},
            "prices = ",
            "each model once, whatever its letter case; twice: gpt-X, GPT-x",
        ),
        ({"prices": {"m": 3}}, "prices.m = 3", "a map with input, output"),
        (
            {"prices": {"m": {**RATES, "longContext": {**RATES}}}},
            "prices.m.longContext.above is missing",
            "a whole number of tokens from 1",
        ),
        (
            {"prices": {"m": {**RATES, "longContext": {**RATES, "above": 9, "abov": 1}}}},
            "prices.m.longContext.abov is not",
            "did you mean above?",
        ),
        (
            {"prices": {"m": {**RATES, "cachedInput": -1}}},
            "prices.m.cachedInput = -1",
            "a number of US dollars, 0 or more",
        ),
        (
            {"prices": {"m": {**RATES, "changes": [{**RATES, "since": "soon"}]}}},
            'prices.m.changes[0].since = "soon"',
            'a day, in quotes: "2026-09-01"',
        ),
        (
            {"prices": {"m": {**RATES, "changes": [{**RATES, "since": "2026-09-01"}] * 2}}},
            "prices.m.changes = [",
            "no day twice",
        ),
        ({"insights": "perhaps"}, 'insights = "perhaps"', "true or false"),
        (
            {"consumers": [{**CONSUMER, "monthlyTokens": 1.5}]},
            "consumers[0].monthlyTokens = 1.5",
            "a whole number of tokens from 0",
        ),
        (
            {"consumers": [{**CONSUMER, "monthlyCost": -2}]},
            "consumers[0].monthlyCost = -2",
            "a number of US dollars, 0 or more",
        ),
    ],
)
def test_each_wrong_value_is_named(config: Json, found: str, allowed: str) -> None:
    report = refusal(config)
    assert report.startswith("1 configuration value is wrong")
    assert found in report
    assert allowed in report
    assert "fix:     pulumi config " in report


def test_each_consumer_with_a_budget_is_watched() -> None:
    consumers = [
        {**CONSUMER, "monthlyTokens": 5_000_000, "monthlyCost": 12.5},
        {"name": "team-b", "displayName": "B", "monthlyCost": 3},
        {"name": "team-c", "displayName": "C"},
    ]
    run = run_program({"consumers": consumers})
    assert parameter(query(run, "budget"), "budgets") == {
        "team-a": {"tokens": 5_000_000, "cost": 12.5},
        "team-b": {"cost": 3},
    }


def test_prices_of_the_stack_file_stand_over_those_of_the_library() -> None:
    rates = {"input": 2, "output": 3, "cachedInput": 0.2, "cacheWrite": 2.5}
    long = {"longContext": {"above": 272_000, **rates}}
    prices = {
        "gpt-5.1": {"input": 9, "output": 8},
        "mine": {**rates, **long, "changes": [{"since": "2026-09-01", **rates, **long}]},
    }
    run = run_program({"consumers": [{**CONSUMER, "monthlyCost": 1}], "prices": prices})
    given = parameter(query(run, "budget"), "prices")
    listed = price_list()["models"]
    assert given == {**listed, **prices}


def test_provisioned_deployments_have_their_own_measure(example: Run) -> None:
    assert "ptu-utilization" not in alerts(example)
    reserved = alerts(run_program({"deployments": [RESERVED]}))
    assert reserved - alerts(example) == {"ptu-utilization"}
    assert "capacity" in alerts(example) - reserved


def test_calls_of_provisioned_deployments_count_to_no_budget_of_money() -> None:
    run = run_program({"deployments": [BY_TOKEN, RESERVED], "consumers": [SPENDING]})
    assert parameter(query(run, "budget"), "provisioned") == ["reserved"]
    assert 'provisioned = dynamic(["reserved"])' in run.inputs("figures")["query"]
    assert "project provisioned)" in run.inputs("workbook")["serializedData"]


def test_retirement_is_watched_where_a_date_is_known(example: Run) -> None:
    assert parameter(query(example, "retirement"), "retirements") == {
        "text-turbo": {"model": "gpt-5.6-luna", "retires": "2028-01-11"}
    }
    unknown = {"name": "new", "model": "gpt-9", "version": "2099-01-01", "capacity": 1}
    assert "retirement" not in alerts(run_program({"deployments": [unknown]}))


def test_what_is_not_logged_is_no_silence() -> None:
    assert "llm-silence" not in alerts(
        run_program({"llmLogging": "false", "logResponseBodies": "true"})
    )
    sampled = run_program({"samplingPercentage": "10"}).inputs("alert-silence")
    dimensions = {d["name"]: d["values"] for d in sampled["criteria"]["allOf"][0]["dimensions"]}
    assert dimensions["Resource"] == ["/id/openai-account"]


def test_bypass_knows_the_gateway_and_only_this_account(example: Run) -> None:
    assert 'let account = "/id/openai-account";' in query(example, "bypass")
    assert 'let identity = "the-principal";' in query(example, "bypass")


def test_bypass_leaves_out_who_is_meant_to_call(example: Run) -> None:
    one = "AAAAAAAA-0000-4000-8000-000000000001"
    run = run_program({"otherCallers": [one]})
    found = {
        d["name"]: (d["operator"], d["values"])
        for d in run.inputs("alert-bypass")["criteria"]["allOf"][0]["dimensions"]
    }
    assert found["ObjectId"] == ("Exclude", [one.lower()])
    assert found["Deployment"] == ("Include", ["*"])
    plain = example.inputs("alert-bypass")["criteria"]["allOf"][0]["dimensions"]
    assert {d["operator"] for d in plain} == {"Include"}


def test_bypass_leaves_out_calls_with_a_key_only_where_keys_are_allowed(example: Run) -> None:
    found = {
        keys: {
            d["name"]: (d["operator"], d["values"])
            for d in run_program(
                {"accountId": HERE, "accountKeys": keys},
                answers={GET_ACCOUNT: ACCOUNT, GET_DEPLOYMENT: FOUND},
            ).inputs("alert-bypass")["criteria"]["allOf"][0]["dimensions"]
        }
        for keys in ("allow", "refuse")
    }
    assert found["allow"]["Why"] == ("Exclude", [BY_KEY])
    assert found["refuse"]["Why"] == ("Include", ["*"])
    assert f'"{BY_KEY}"' in query(example, "bypass")


def test_every_log_alert_asks_about_the_stacks_own_gateway_and_account(example: Run) -> None:
    """Other stacks may share the workspace."""
    for rule in (rule for rule in LOG_RULES if rule.name in alerts(example)):
        asked = query(example, rule.name)
        assert library.has(rule.query, "gateway")
        assert 'let gateway = "/id/gateway";' in asked
        wanted = library.has(rule.query, "account")
        assert ('let account = "/id/openai-account";' in asked) is wanted


def test_log_alerts_lie_where_their_workspace_is() -> None:
    answer = {"customerId": "central", "location": "westeurope"}
    run = run_program(
        {"workspaceId": WORKSPACE},
        answers={"azure-native:operationalinsights:getWorkspace": answer},
    )
    rule = run.inputs("alert-errors")
    assert (rule["location"], rule["scopes"]) == ("westeurope", [WORKSPACE])
    assert rule["resourceGroupName"] == "rg-activategenai"
    assert OTHER not in run.request("alert-errors").provider


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_alert_says_what_to_do_and_where_to_look(rule: Any) -> None:
    head, _, remedy = rule.description.partition(" What to do: ")
    assert head.endswith(".")
    assert remedy.endswith(".")
    named = [name for name in library.names() if f"{name}.kql" in remedy]
    assert named or "workbook, tab" in remedy
    assert remedy.count(".kql") == len(named), "a query that the library does not have"
    assert 0 <= rule.severity <= 4
