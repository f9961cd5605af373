"""The deployed configuration, read when a proof is not seen, names the cause."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from policies.gateway.reader import parse
from tests.check import arm
from tests.check.arm import (
    ACCOUNT,
    DEPLOYMENT,
    DIAGNOSTIC,
    GATEWAY,
    LOGGER,
    POLICY,
    SETTING,
    SUBSCRIPTION,
)
from tests.check.conftest import Run
from tests.check.reading import LOGS, lost, of

pytestmark = pytest.mark.slow

OTHER_ROLE = "/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
TEAM_B = f"{GATEWAY}/subscriptions/team-b"
BODY = "frontend.request.body.bytes"


READ = {
    f"{GATEWAY}/providers/Microsoft.Insights/diagnosticSettings",
    f"{ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings",
    f"{ACCOUNT}/deployments",
    ACCOUNT,
    f"{GATEWAY}/subscriptions",
    DIAGNOSTIC,
    POLICY,
    LOGGER,
    arm.ROLE.rpartition("/")[0],
}
"""What is read of a healthy deployment beside the ways through the gateway."""
TWICE = {ACCOUNT, POLICY, POLICY.replace("policies/policy", "operations")}
"""What is compared and judged as a way too, and the account by two versions of the API; the
operations are read for what to call where the imported document is not known."""


def test_a_healthy_run_reads_the_rest_once(run: Run) -> None:
    assert run().verdict == "proven"

    asked = [request.url.path for request in run.azure.arm.asked]
    assert set(asked) >= READ
    assert len(asked) == len(set(asked)) + len(TWICE)


def test_many_consumers_are_read_by_one_list(run: Run) -> None:
    """A thousand of them are a thousand reads otherwise, before the first look."""
    names = ["aoai-test", *(f"team-{number}" for number in range(7))]
    for name in names:
        run.azure.arm.resources[f"{GATEWAY}/subscriptions/{name}"] = run.azure.arm.resources[
            SUBSCRIPTION
        ]

    assert run(consumers=names).verdict == "proven"
    asked = [request.url.path for request in run.azure.arm.asked]
    assert [path for path in asked if path.startswith(f"{GATEWAY}/subscriptions/")] == []


def test_sampling_that_met_none_of_the_calls_fails_by_itself(run: Run) -> None:
    run.azure.arm.set(DIAGNOSTIC, "sampling.percentage", 90.0)

    report = run()

    assert (report.verdict, of(report, "declared")[0]) == ("failed", "failed")
    assert "90" in of(report, "declared")[1]


def test_another_model_under_the_declared_name_fails_by_itself(run: Run) -> None:
    run.azure.arm.set(DEPLOYMENT, "model.name", "gpt-5.2")

    report = run()

    assert "model of the deployment text-turbo is gpt-5.2" in of(report, "declared")[1]
    assert report.verdict == "failed"


@pytest.mark.parametrize(
    ("resource", "path", "value", "says"),
    [
        (ACCOUNT, "disableLocalAuth", False, "disableLocalAuth of the account is false"),
        (DIAGNOSTIC, "largeLanguageModel.requests.maxSizeInBytes", 32768, "is 32768, declared"),
        (DIAGNOSTIC, "largeLanguageModel.responses.maxSizeInBytes", 32768, "is 32768, declared"),
        (TEAM_B, "state", "suspended", "subscription of the consumer team-b is suspended"),
    ],
)
def test_what_no_call_shows_fails_by_itself(
    run: Run, resource: str, path: str, value: object, says: str
) -> None:
    run.azure.arm.resources[TEAM_B] = copy.deepcopy(run.azure.arm.resources[SUBSCRIPTION])
    stack: dict[str, Any] = {"consumers": ["aoai-test", "team-b"]}
    assert run(**stack).verdict == "proven"
    run.azure.arm.set(resource, path, value)

    report = run(**stack)

    assert (report.verdict, of(report, "declared")[0]) == ("failed", "failed")
    assert says in of(report, "declared")[1]


def test_another_consumer_that_is_gone_fails_by_itself(run: Run) -> None:
    report = run(consumers=["aoai-test", "team-b"])

    assert "subscription of the consumer team-b is missing" in of(report, "declared")[1]
    assert "aoai-test" not in of(report, "declared")[1]


def test_a_whole_deployment_has_no_differences(run: Run) -> None:
    run.azure.change = {LOGS: lost}

    report = run("--timeout", "1")

    assert (report.verdict, report.differences, report.unreadable) == ("timeout", [], {})


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        (DIAGNOSTIC, "diagnostic azuremonitor of the stack's API is missing"),
        (f"{GATEWAY}{SETTING}", "diagnostic setting of API Management is missing"),
        (f"{ACCOUNT}{SETTING}", "diagnostic setting of Azure OpenAI is missing"),
        (arm.ROLE, "role of the gateway's identity on the account is missing"),
        (arm.SUBSCRIPTION, "subscription of the consumer aoai-test is missing"),
        (arm.DEPLOYMENT, "deployment text-turbo is missing"),
        (ACCOUNT, "the account is missing"),
    ],
)
def test_what_is_missing_is_named(run: Run, resource: str, says: str) -> None:
    del run.azure.arm.resources[resource]

    assert says in told(run)


@pytest.mark.parametrize(
    ("resource", "path", "value", "says"),
    [
        (DIAGNOSTIC, "sampling.percentage", 50.0, "sampling of the diagnostic of the stack's API"),
        (DIAGNOSTIC, BODY, 0, "frontend request body bytes of the stack's API"),
        (DIAGNOSTIC, "backend.response.body.bytes", 512, "is 512, declared 8192"),
        (DIAGNOSTIC, "alwaysLog", None, "alwaysLog of the stack's API is not set"),
        (DIAGNOSTIC, "logClientIp", False, "logClientIp of the stack's API"),
        (DIAGNOSTIC, "frontend.request.headers", ["Ocp-Apim-Subscription-Key"], "key, in clear"),
        (DIAGNOSTIC, "backend.request.dataMasking", None, "subscription-key in the URL, in clear"),
        (DIAGNOSTIC, "loggerId", f"{GATEWAY}/loggers/insights", "declared azureMonitor"),
        (DIAGNOSTIC, "largeLanguageModel.logs", "disabled", "largeLanguageModel.logs"),
        (DIAGNOSTIC, "largeLanguageModel.requests", None, "requests of the stack's API"),
        (DIAGNOSTIC, "largeLanguageModel.responses.maxSizeInBytes", 32768, "declared 262144"),
        (f"{GATEWAY}{SETTING}", "workspaceId", "/x/workspaces/other", "is other, declared log-x"),
        (f"{GATEWAY}{SETTING}", "logAnalyticsDestinationType", None, "is AzureDiagnostics"),
        (f"{GATEWAY}{SETTING}", "metrics", [], "AllMetrics of the diagnostic setting of API Man"),
        (
            f"{GATEWAY}{SETTING}",
            "logs",
            [{"category": "GatewayLogs", "enabled": True}],
            "category GatewayLlmLogs of the diagnostic setting of API Management is off",
        ),
        (f"{ACCOUNT}{SETTING}", "logs", [{"category": "Audit"}], "category RequestResponse"),
        (f"{ACCOUNT}{SETTING}", "metrics", [{"enabled": False}], "AllMetrics of"),
        (arm.ROLE, "roleDefinitionId", OTHER_ROLE, "is Reader, declared Cognitive Services User"),
        (arm.ROLE, "principalId", "somebody", "role of the gateway's identity"),
        (arm.DEPLOYMENT, "model.name", "gpt-4o", "is gpt-4o, declared gpt-5.1"),
        (ACCOUNT, "disableLocalAuth", False, "disableLocalAuth of the account is false"),
        (arm.SUBSCRIPTION, "state", "suspended", "is suspended, declared active"),
    ],
)
def test_what_differs_is_named(run: Run, resource: str, path: str, value: Any, says: str) -> None:
    run.azure.arm.set(resource, path, value)

    assert says in told(run)


def test_only_the_difference_is_told(run: Run) -> None:
    run.azure.arm.set(DIAGNOSTIC, BODY, 0)
    run.azure.change = {LOGS: lost}

    report = run("--timeout", "1")
    report.write_json(run.folder / "r.json")

    (difference,) = json.loads((run.folder / "r.json").read_text())["differences"]
    assert difference.pop("fix").startswith("portal: API Management > APIs > miyagi-api")
    assert difference == {
        "path": "frontend request body bytes of the stack's API",
        "declared": "8192",
        "deployed": "0",
    }


@pytest.mark.parametrize(
    ("path", "url", "says"),
    [
        ("openai/deployments", "", "API that takes calls to /openai/deployments is copy, declared"),
        ("ai", "https://oai-x.openai.azure.com/openai", "diagnostic azuremonitor of the API copy"),
        ("openai2", "https://elsewhere", ""),
    ],
)
def test_another_api_that_takes_or_hides_calls_is_named(
    run: Run, path: str, url: str, says: str
) -> None:
    run.azure.arm.resources[arm.OTHER] = arm.other_api(path, serviceUrl=url)

    told_of = told(run)

    assert says in told_of
    assert bool(says) == bool(told_of)


def test_audit_logs_that_are_off_fail_by_themselves(run: Run) -> None:
    on = [{"category": "RequestResponse", "enabled": True}]
    run.azure.arm.set(f"{ACCOUNT}{SETTING}", "logs", on)

    report = run()

    assert (report.verdict, of(report, "audit")[0]) == ("failed", "failed")
    assert "audit logs (Audit)" in of(report, "audit")[1]


def test_what_may_not_be_read_is_said_and_not_fatal(run: Run) -> None:
    run.azure.arm.denied = ("/diagnosticSettings", "/policy")
    said = "gateway settings cannot be read (HTTP 403); account settings cannot be read (HTTP 403)"
    assert said in of(run(), "audit")[1]

    run.azure.change = {LOGS: lost}
    report = run("--timeout", "1")

    assert set(report.unreadable) == {"gateway settings", "account settings", "policy"}
    assert "not compared with the deployment" in run.screen.getvalue()


def test_an_answer_of_another_shape_is_not_fatal(run: Run) -> None:
    run.azure.arm.set(DIAGNOSTIC, "sampling.percentage", "half")
    run.azure.change = {LOGS: lost}

    report = run("--timeout", "1")

    assert report.unreadable == {"diagnostic": "an answer of unexpected shape"}


def test_no_category_of_llm_logs_is_wanted_where_llm_logging_is_off(run: Run) -> None:
    on = [{"category": name, "enabled": True} for name in ("GatewayLogs", "audit")]
    run.azure.arm.set(f"{GATEWAY}{SETTING}", "logs", on)
    run.azure.arm.set(DIAGNOSTIC, "largeLanguageModel", None)
    run.azure.change = {LOGS: lost}

    assert run("--timeout", "0.1", llmLogging=False).differences == []
    assert len(run("--timeout", "0.1").differences) == 2


def test_the_deployments_that_there_are_instead_are_named(run: Run) -> None:
    run.azure.arm.deploy("renamed", "gpt-5.1")
    del run.azure.arm.resources[DEPLOYMENT]

    assert "text-turbo is missing (the account has: renamed)" in told(run)


def test_metadata_wants_no_bytes_and_no_messages(run: Run) -> None:
    run.deployed_otherwise = True
    run.azure.arm.set(DIAGNOSTIC, "largeLanguageModel.requests.maxSizeInBytes", 32768)
    run.azure.change = {LOGS: lost}

    paths = {one.path for one in run("--timeout", "1", capture="metadata").differences}

    assert len([path for path in paths if "body bytes" in path]) == 4
    assert len([path for path in paths if "messages" in path]) == 2
    assert not [path for path in paths if path.endswith(", bytes")]


def test_a_policy_is_read_in_spite_of_its_expressions() -> None:
    expression = '<if x="@(b > c && d < "(e")"><base /></if><set-body>@{ A<string> x; }</set-body>'
    document = parse(f"<a>{expression}<!-- <z> --><b k='v\"' /></a>")
    assert document is not None
    found = document.first("b")
    assert found is not None
    assert found.attributes == {"k": 'v"'}


def told(run: Run) -> str:
    run.azure.change = {LOGS: lost}
    report = run("--timeout", "0.1")
    assert report.verdict in {"timeout", "failed"}
    assert all(difference.fix for difference in report.differences)
    return "\n".join(map(str, report.differences))
