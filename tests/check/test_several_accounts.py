"""Several accounts behind the API: each answers in turn, and logs and counts what it answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from queries.check import failover
from queries.check.answers import refusal
from queries.check.evidence import Evidence
from queries.check.expected import llm
from queries.check.expected.rules import Logged
from queries.check.proofs.accounts import ACCOUNTS
from queries.check.proofs.base import Verdict
from queries.check.records import Failed, Failover, OwnCall
from queries.check.traffic import OwnTraffic
from queries.contract import CHECK_HEADER
from queries.outputs import Consumer, target
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.azure import host_of
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, of
from tests.check.stack import Row, deployment, outputs
from tests.check.test_reconciled import logged, served, soon

pytestmark = pytest.mark.slow
OTHER = f"{ACCOUNT}-weu"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS = {"swc": ACCOUNT, "weu": OTHER}
DEBUG = f"{GATEWAY}/gateways/managed/listDebugCredentials"
ROUTES = ("--allow", "routes")
"""The policy in memory is that of one account, so no way to a pool is understood."""


def account(name: str, **more: Any) -> Row:
    """One of several accounts, as the output has it."""
    url = f"https://{host_of(IDS[name])}"
    said: Row = {
        "name": name,
        "id": IDS[name],
        "endpoint": f"{url}/",
        "backendUrl": f"{url}/openai",
    }
    said |= {"existing": False, "keys": "refuse", "kind": "OpenAI", "priority": 1, "weight": 1}
    return said | {"deployments": [deployment()], "diagnosticSetting": "to-workspace"} | more


def two(**more: Any) -> dict[str, Any]:
    """A stack with two accounts, of which `more` changes the second."""
    return {"accounts": [account("swc"), account("weu", **more)]}


@pytest.fixture
def several(run: Run) -> Run:
    """Two accounts that answer in turn, deployed alike."""
    for one, resource in list(run.azure.arm.resources.items()):
        if ACCOUNT in one:
            run.azure.arm.resources[one.replace(ACCOUNT, OTHER)] = resource
    for one in (ACCOUNT, OTHER):
        run.azure.arm.set(one, "customSubDomainName", host_of(one).partition(".")[0])
    run.azure.backends = (ACCOUNT, OTHER)
    return run


def test_each_account_that_answered_is_seen(several: Run) -> None:
    report = several(*ROUTES, "--timeout", "5", **two())

    assert report.verdict == "proven"
    assert "answered by text-turbo of swc, text-turbo of weu" in of(report, "accounts")[1]


def test_a_first_round_that_no_log_has_is_excused(several: Run) -> None:
    """The diagnostic setting acts only once the first calls have been made."""
    clock = several.clock
    early = dict.fromkeys((LOGS, LLM, DIAGNOSTICS), lambda row: row if clock.time > 300 else None)
    several.azure.change = early

    report = several(*ROUTES, "--timeout", "60", **two())

    assert report.verdict == "proven", several.screen.getvalue()


def test_a_call_that_no_log_has_is_waited_for(several: Run) -> None:
    several.azure.change = {LOGS: lambda row: None if row["CorrelationId"] == "corr-2" else row}

    assert ends(several(*ROUTES, "--timeout", "1", **two()))["accounts"] == "timeout"


def test_metrics_of_all_accounts_count_together(several: Run) -> None:
    models = [deployment(), deployment("b")]
    accounts = [account(name, deployments=models) for name in IDS]
    several.azure.arm.resources[f"{OTHER}/deployments/b"] = {
        "name": "b",
        "properties": {"model": {"name": "gpt-5.1"}},
    }

    report = several(*ROUTES, "--timeout", "2", accounts=accounts, deployments=models)

    assert report.verdict == "proven", several.screen.getvalue()


def test_a_request_that_no_account_counts_is_missed(several: Run) -> None:
    add = several.azure._add

    def without_one(table: str, row: Row) -> None:
        if not (table == OTHER and row["MetricName"] == "AzureOpenAIRequests"):
            add(table, row)

    several.azure._add = without_one  # type: ignore[method-assign]

    assert ends(several(*ROUTES, "--timeout", "1", **two()))["account-metrics"] == "timeout"


def test_one_account_counts_by_the_older_name_and_one_by_the_newer(several: Run) -> None:
    add = several.azure._add

    def renamed(table: str, row: Row) -> None:
        add(table, row)
        if table == OTHER and row["MetricName"] == "AzureOpenAIRequests":
            add(table, row | {"MetricName": "ModelRequests"})

    several.azure._add = renamed  # type: ignore[method-assign]

    assert several(*ROUTES, **two()).verdict == "proven"


def test_accounts_upgrade_a_model_one_after_the_other(several: Run) -> None:
    """Azure does so region by region; two existing accounts may differ for good."""

    def upgraded(row: Row) -> Row:
        details = json.loads(row.get("properties_s", "{}"))
        newer = {"modelVersion": "2"} if row["_ResourceId"] == OTHER else {}
        return {**row, "properties_s": json.dumps(details | newer)}

    several.azure.change = {DIAGNOSTICS: upgraded}

    assert several(*ROUTES, "--depth", "usual", **two()).verdict == "proven"


def test_an_account_whose_rows_differ_among_themselves_is_told(several: Run) -> None:
    def at_times(row: Row) -> Row:
        details = json.loads(row.get("properties_s", "{}"))
        other = {"modelVersion": "2"} if row["CorrelationId"] == "acc-9" else {}
        return {**row, "properties_s": json.dumps(details | other)}

    several.azure.change = {DIAGNOSTICS: at_times}

    assert "modelVersion is 2" in of(several(*ROUTES, "--depth", "usual", **two()), "whole")[1]


@pytest.mark.parametrize(("by", "ends_as"), [(OTHER, "seen"), (ACCOUNT, "failed")])
def test_keys_are_allowed_account_by_account(several: Run, by: str, ends_as: str) -> None:
    served(several, "with-key", soon(several), objectId="")
    several.azure._rows[-1][2]["_ResourceId"] = by

    report = several(*ROUTES, "--timeout", "60", **two(keys="allow", existing=True))

    assert ends(report)["reconciled"] == ends_as, of(report, "reconciled")


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("refuse", "refuse", "the account's keys are off"),
        ("allow", "allow", "the account's keys are as accountKeys allows"),
        ("refuse", "allow", "the keys of swc are off, and those of weu as allowed"),
    ],
)
def test_whose_keys_are_off_is_said_of_each(
    several: Run, first: str, second: str, says: str
) -> None:
    given = [account("swc", keys=first, existing=True), account("weu", keys=second, existing=True)]

    assert says in of(several(*ROUTES, "--timeout", "2", accounts=given), "declared")[1]


def test_what_spills_over_in_a_later_account_explains_its_request(several: Run) -> None:
    """The first account's deployment has no throughput of its own, the second's has."""
    reserved = [deployment(sku="ProvisionedManaged"), deployment("overflow")]
    several.azure.arm.resources[f"{OTHER}/deployments/overflow"] = {
        "name": "overflow",
        "properties": {"model": {"name": "gpt-5.1"}},
    }
    served(several, "spilled", soon(several), modelDeploymentName="overflow")
    several.azure._rows[-1][2]["_ResourceId"] = OTHER
    url = f"https://{host_of(OTHER)}/openai/deployments/text-turbo/chat/completions"
    logged(several, "spilled-here", soon(several), BackendUrl=url)

    report = several(*ROUTES, "--timeout", "60", **two(deployments=reserved))

    assert ends(report)["reconciled"] == "seen", of(report, "reconciled")


@pytest.mark.parametrize(("answered", "faults"), [("m-2", 0), ("m-1", 1)])
def test_the_llm_log_names_the_model_that_answered(answered: str, faults: int) -> None:
    """By its version, which is another in an account that Azure has upgraded."""
    told = [("m-1", "m-1"), ("m-1", "m-1"), (answered, "m-2")]
    calls = tuple(call(number, model) for number, (model, _) in enumerate(told))
    rows = [
        Logged(call=one, row={"ModelName": name})
        for one, (_, name) in zip(calls, told, strict=True)
    ]
    traffic = OwnTraffic(marker="m", begun=NOON, calls=calls)
    evidence = Evidence(target=target(outputs()), traffic=traffic)
    found = [one for rule in llm.TABLE["ModelName"] for one in rule("ModelName", evidence, rows)]

    assert (len(found) > 0) == (faults > 0)


def call(number: int, model: str) -> OwnCall:
    """An answered call, whose answer names a model."""
    return OwnCall(
        deployment="text-turbo",
        started=NOON,
        ended=NOON,
        round=1,
        marker=str(number),
        model=model,
    )


def test_without_a_token_for_tracing_failover_is_not_judged(several: Run) -> None:
    report = several(*ROUTES, "--failover", "--timeout", "5", **two())

    assert report.verdict == "unjudged"
    assert "no token for tracing" in of(report, "accounts")[1]
    allowed = several(*ROUTES, "--failover", "--allow", "accounts/failover", **two())
    assert allowed.verdict == "proven"


def test_a_gateway_that_lets_anybody_name_an_account_fails(several: Run) -> None:
    several.azure.arm.resources[DEBUG] = {"token": "a-token"}

    report = several(*ROUTES, "--failover", "--timeout", "5", **two())

    assert ends(report)["accounts"] == "failed"
    assert "without a token: HTTP 200" in of(report, "accounts")[1]


def test_a_way_that_an_account_answers_is_open_whatever_it_answers(several: Run) -> None:
    several.azure.arm.resources[DEBUG] = {"token": "a-token"}
    handle = several.azure.handle

    def throttled(request: httpx.Request) -> httpx.Response:
        if CHECK_HEADER in request.headers:
            return httpx.Response(429, headers={"apim-request-id": "of-the-account"})
        return handle(request)

    several.azure.handle = throttled  # type: ignore[method-assign]
    report = several(*ROUTES, "--failover", "--timeout", "5", **two())

    assert "without a token: HTTP 429" in of(report, "accounts")[1]
    assert ends(report)["accounts"] == "failed"


def plan(consumer: str, *models: str) -> Row:
    """What a consumer may call, as the output has it."""
    return {"consumers": [consumer], "models": list(models)}


@pytest.mark.parametrize(
    ("plans", "called_as"),
    [
        ([plan("a", "other")], {"b"}),
        ([plan("a", "other"), plan("b", "text-turbo")], {"b"}),
        ([plan("a", "other"), plan("b", "other")], set()),
    ],
)
def test_accounts_are_met_by_whom_the_plan_lets(plans: list[Row], called_as: set[str]) -> None:
    found = target(outputs(consumers=["a", "b"], plans=plans, **two()))
    key = SecretStr("k")
    found = replace(found, callers=tuple(Consumer(name=name, key=key) for name in ("a", "b")))
    assert {one.consumer.name for one in failover._plan(found)} == called_as
    assert list(failover._nobodys(found)) == ([] if called_as else ["text-turbo"])


def shown(was: Failover | None = None, **met: str) -> Verdict:
    """The proof of calls, by whom each was to meet and who answered."""
    calls = tuple(
        OwnCall(
            deployment="text-turbo",
            started=NOON,
            ended=NOON,
            round=1,
            marker=f"proof-{number}",
            meets=meets.replace("sent_on", "*").replace("any", ""),
        )
        for number, meets in enumerate(met)
    )
    rows = [
        {
            "ApiId": "miyagi-api",
            "CorrelationId": f"corr-{number}",
            "RequestBody": f"proof-{number}",
            "BackendUrl": f"https://{host_of(IDS[name])}/openai/deployments/text-turbo/chat",
            "TimeGenerated": NOON,
        }
        for number, name in enumerate(met.values())
    ]
    made = OwnTraffic(marker="proof-", begun=NOON, calls=calls, failover=was)
    evidence = Evidence(target=target(outputs(**two())), traffic=made)
    return ACCOUNTS.judge(evidence.took("gateway", rows))


def test_each_account_met_by_name_and_a_call_sent_on_are_seen() -> None:
    found = shown(Failover(), any="swc", weu="weu", sent_on="swc")
    assert found.status == "seen"
    assert "a call of text-turbo went on to swc from nobody" in found.detail


def test_an_account_that_answers_in_anothers_place_fails() -> None:
    found = shown(Failover(), any="swc", weu="swc", sent_on="swc")
    assert (found.status, "swc answered" in found.detail) == ("failed", True)


def test_where_no_call_had_to_go_on_that_is_not_judged() -> None:
    found = shown(Failover(), any="swc", weu="weu")
    assert (found.status, found.parts) == ("unjudged", ("failover",))


@pytest.mark.parametrize("throttled", [True, False])
def test_a_stand_by_without_room_is_not_judged_and_one_that_refuses_fails(
    *, throttled: bool
) -> None:
    failed = Failed(
        deployment="text-turbo", label="text-turbo of weu", cause="no", fix="", throttled=throttled
    )
    found = shown(Failover(failed=(failed,)), any="swc", sent_on="swc")
    assert found.status == ("unjudged" if throttled else "failed")
    assert "text-turbo of weu: no" in found.detail


@pytest.mark.parametrize("status", [403, 413, 429])
def test_a_plan_that_refuses_a_call_tells_nothing_of_the_account(status: int) -> None:
    said = {403: "Token quota is exceeded", 413: "PlanPromptTooLong", 429: "limit is exceeded"}
    by_plan = refusal(httpx.Response(status, json={"error": {"message": said[status]}}))
    assert by_plan
    failed = Failed(
        deployment="text-turbo",
        label="text-turbo of weu",
        cause=by_plan.cause,
        fix=by_plan.fix,
        throttled=by_plan.throttled,
    )
    found = shown(Failover(failed=(failed,)), any="swc", sent_on="swc")
    assert (found.status, found.parts) == ("unjudged", ("weu/text-turbo", "failover"))
    assert said[status] in found.detail
