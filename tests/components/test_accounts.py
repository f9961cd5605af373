"""Several accounts behind one API: what is declared, and what the settings refuse."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.azure.own_state import STATE
from components.openai_api import routing
from components.settings.accounts import Account, checked, every_deployment
from components.settings.items import Deployment
from tests.components import test_existing_account as existing
from tests.components.harness import Run, run_program, run_without_insights

CHAT: dict[str, Any] = {"name": "chat", "model": "gpt-5.6-luna", "version": "2026-07-09"}
LUNA = CHAT | {"capacity": 10}
MINI: dict[str, Any] = {
    "name": "mini",
    "model": "gpt-5.4-mini",
    "version": "2026-03-17",
    "capacity": 5,
}
RESERVED = LUNA | {"name": "reserved", "sku": "GlobalProvisionedManaged", "capacity": 15}
ACCOUNTS: list[dict[str, Any]] = [
    {"name": "weu", "location": "West Europe", "deployments": [LUNA, MINI]},
    {"name": "swc", "location": "swedencentral", "deployments": [LUNA], "weight": 3},
    {"name": "eus", "deployments": [LUNA], "priority": 2},
    {"name": "alone", "accountName": "oai-own", "deployments": [RESERVED]},
]
SEVERAL = {"accounts": ACCOUNTS, "deployments": []}


def several_of(*accounts: dict[str, Any]) -> dict[str, Any]:
    """The settings of accounts that have one deployment, and names of their own."""
    listed = [{"name": f"a{n}", "deployments": [LUNA]} | one for n, one in enumerate(accounts, 10)]
    return SEVERAL | {"accounts": listed}


@pytest.fixture(scope="module")
def several() -> Run:
    return run_without_insights(SEVERAL)


def test_each_account_has_its_region_deployments_role_and_logs(several: Run) -> None:
    places = {"weu": "westeurope", "swc": "swedencentral", "eus": "eastus", "alone": "eastus"}
    for name, region in places.items():
        given = several.inputs(f"openai-account-{name}")
        assert given["location"] == region
        own = "oai-own" if name == "alone" else f"oai-{name}-abc123"
        assert given["properties"]["customSubDomainName"] == given["accountName"] == own
        account = f"/id/openai-account-{name}"
        assert several.inputs(f"openai-account-{name}-diagnostics")["resourceUri"] == account
        assert several.inputs(f"openai-api-role-{name}")["scope"] == account
    for name in ("weu-chat", "weu-mini", "swc-chat", "eus-chat", "alone-reserved"):
        several.inputs(f"deployment-{name}")


def test_an_account_that_moves_takes_another_name_and_no_other_account_does() -> None:
    """Azure keeps a deleted account's name for 48 hours."""

    def names(config: dict[str, Any]) -> dict[str, Any]:
        run = run_without_insights(config)
        suffixes = [one for one in run.requests.values() if one.name.startswith("name-suffix")]
        return {one.name: run.inputs(one.name)["keepers"] for one in suffixes}

    before = names(SEVERAL)
    assert set(before) == {"name-suffix", *(f"name-suffix-{one}" for one in ("weu", "swc", "eus"))}
    moved = [ACCOUNTS[0] | {"location": "northeurope"}, *ACCOUNTS[1:]]
    after = names(SEVERAL | {"accounts": moved})
    assert [name for name in before if before[name] != after[name]] == ["name-suffix-weu"]
    elsewhere = names(SEVERAL | {"location": "westus"})
    changed = [name for name in before if before[name] != elsewhere[name]]
    assert set(changed) == {"name-suffix", "name-suffix-eus"}


def test_deployments_of_one_account_wait_for_each_other_and_for_no_other_account(
    several: Run,
) -> None:
    depends = list(several.request("deployment-weu-mini").dependencies)
    assert any("deployment-weu-chat" in urn for urn in depends)
    for name in ("deployment-weu-mini", "deployment-swc-chat"):
        others = [urn for urn in several.request(name).dependencies if "openai-account-" in urn]
        assert {urn.rpartition("-")[2] for urn in others} == {name.split("-")[1]}


def test_a_pool_leads_to_the_accounts_that_have_the_deployment(several: Run) -> None:
    pool = several.inputs("openai-api-pool-chat")
    assert (pool["type"], pool["backendId"]) == ("Pool", "miyagi-api.pool.chat")
    assert [(one["id"], one["priority"], one["weight"]) for one in pool["pool"]["services"]] == [
        ("/id/openai-api-backend-weu-chat", 1, 1),
        ("/id/openai-api-backend-swc-chat", 1, 3),
        ("/id/openai-api-backend-eus-chat", 2, 1),
    ]
    member = several.inputs("openai-api-backend-swc-chat")
    assert member["url"] == "https://oai-swc-abc123.openai.azure.com/openai"
    [rule] = member["circuitBreaker"]["rules"]
    assert rule["acceptRetryAfter"] is True
    assert rule["failureCondition"]["count"] == 1
    assert [one["min"] for one in rule["failureCondition"]["statusCodeRanges"]] == [429, 503]
    assert rule["failureCondition"]["errorReasons"] == ["BackendConnectionFailure"]


def test_a_deployment_of_one_account_goes_there_alone_and_has_no_breaker(several: Run) -> None:
    names = {request.name for request in several.requests.values()}
    assert "openai-api-pool-mini" not in names
    assert "openai-api-backend-weu-mini" not in names
    for name in ("weu", "swc", "eus", "alone"):
        assert "circuitBreaker" not in several.inputs(f"openai-api-backend-{name}")


def test_the_policy_waits_for_the_backends_that_it_names(several: Run) -> None:
    depends = " ".join(several.request("openai-api-policy").dependencies)
    for name in ("openai-api-pool-chat", "openai-api-backend-weu", "openai-api-backend-alone"):
        assert name in depends


def test_the_policy_names_each_deployments_way(several: Run) -> None:
    text = several.inputs("openai-api-policy")["value"]
    for named, backend in (
        ("chat", "miyagi-api.pool.chat"),
        ("mini", "miyagi-api.weu"),
        ("reserved", "miyagi-api.alone"),
    ):
        at = text.index(f'== "{named}")')
        assert text[at:].split('backend-id="')[1].startswith(f'{backend}"')
    assert '<set-backend-service backend-id="miyagi-api.weu" />\n      </otherwise>' in text
    assert text.count('name="retries" value="@(2)"') == 1
    assert text.count('name="retries"') == 2, "and that of the check's own calls"
    assert "${" not in text


def test_the_checks_own_ways_are_none_of_other_calls(several: Run) -> None:
    """The pool has nobody first, then the accounts' own backends, whose failures close none."""
    nobody = several.inputs("openai-api-failover-check-nobody")
    assert nobody["url"] == "https://no-account.invalid/openai"
    assert nobody["circuitBreaker"]["rules"][0]["failureCondition"]["count"] == 1
    pool = several.inputs("openai-api-failover-check")
    assert [(one["id"], one["priority"], one["weight"]) for one in pool["pool"]["services"]] == [
        ("/id/openai-api-failover-check-nobody", 1, 1),
        ("/id/openai-api-backend-weu", 2, 1),
        ("/id/openai-api-backend-swc", 2, 3),
        ("/id/openai-api-backend-eus", 3, 1),
    ]
    text = several.inputs("openai-api-policy")["value"]
    assert text.index("!context.Tracing") < text.index('backend-id="miyagi-api.swc"')
    assert 'x-failover-check", "") == "alone"' not in text, "no pool has it"


def test_accounts_without_a_pool_need_no_way_for_the_check() -> None:
    run = run_without_insights(several_of({}, {"deployments": [MINI]}))
    assert not any("failover" in one.name for one in run.requests.values())
    assert "context.Tracing" not in run.inputs("openai-api-policy")["value"]


def test_a_pool_of_the_most_members_leaves_room_for_nobody() -> None:
    accounts = [
        Account.model_validate(
            {"name": f"a{number}", "deployments": [LUNA], "priority": number + 1}
        )
        for number in range(30)
    ]
    planned = routing.plan("miyagi-api", accounts)
    assert planned
    assert planned.failover_check
    assert len(planned.failover_check.route.members) == 30
    assert len(planned.failover_check.named) == 30


def test_the_proof_names_every_account(several: Run) -> None:
    proof = several.stack["proof"]
    assert [one["name"] for one in proof["accounts"]] == ["weu", "swc", "eus", "alone"]
    assert [one["name"] for one in proof["deployments"]] == ["chat", "mini", "reserved"]
    swc = proof["accounts"][1]
    assert swc["backendUrl"] == "https://oai-swc-abc123.openai.azure.com/openai"
    assert (swc["priority"], swc["weight"]) == (1, 3)
    assert [one["name"] for one in swc["deployments"]] == ["chat"]
    assert proof["accountId"] == proof["accounts"][0]["id"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([(1, "GlobalStandard", 1000), (1, "GlobalStandard", 2)], ("GlobalStandard", 2)),
        ([(2, "GlobalStandard", 1000), (1, "GlobalStandard", 2)], ("GlobalStandard", 2)),
        ([(2, "GlobalStandard", 1), (1, "GlobalStandard", 30)], ("GlobalStandard", 30)),
        (
            [(1, "GlobalProvisionedManaged", 15), (1, "GlobalStandard", 20)],
            ("GlobalStandard", 20),
        ),
        (
            [(1, "GlobalProvisionedManaged", 15), (2, "GlobalStandard", 2)],
            ("GlobalProvisionedManaged", 15),
        ),
    ],
)
def test_calls_are_paced_by_the_least_room_among_accounts_of_the_best_rank(
    given: list[tuple[int, str, int]], told: tuple[str, int]
) -> None:
    made = [
        Account(
            name=f"a{number}",
            priority=priority,
            deployments=(Deployment(**CHAT, sku=sku, capacity=capacity),),
        )
        for number, (priority, sku, capacity) in enumerate(given)
    ]
    [one] = every_deployment(tuple(made))
    assert (one.sku, one.capacity) == told


def test_one_of_several_accounts_may_exist() -> None:
    there = {"name": "shared", "id": existing.HERE, "deployments": [existing.THERE], "priority": 2}
    given = {k: existing.DECLARED[k] for k in ("name", "model", "version", "capacity")}
    config = {"accounts": [{"name": "own", "deployments": [given]}, there], "deployments": []}
    answers = {existing.GET_ACCOUNT: existing.ACCOUNT, existing.GET_DEPLOYMENT: existing.FOUND}
    run = run_without_insights(config, answers=answers)
    created = [request.name for request in run.requests.values() if request.custom]
    assert "openai-account-shared" not in created
    assert "deployment-own-text-turbo" in created
    assert "deployment-shared-text-turbo" not in created
    assert run.inputs("openai-api-role-shared")["scope"] == existing.HERE
    member = run.inputs("openai-api-backend-shared-text-turbo")
    assert member["url"] == "https://shared-sub.openai.azure.com/openai"
    proof = run.stack["proof"]["accounts"]
    assert [one["existing"] for one in proof] == [False, True]


def test_the_only_account_becomes_the_first_of_several() -> None:
    """By its names of before; the engine test has what becomes of that."""
    filters = [{"name": "strict"}]
    run = run_without_insights(SEVERAL | {"contentFilters": filters})
    was = {
        "openai-account-weu": "openai-account",
        "deployment-weu-chat": "deployment-chat",
        "deployment-weu-mini": "deployment-mini",
        "content-filter-weu-strict": "content-filter-strict",
        "openai-api-role-weu": "openai-api-role",
    }
    told = {
        one.name: alias.spec.name
        for one in run.requests.values()
        for alias in one.aliases
        if alias.spec.name
    }
    assert told == was


def test_the_stacks_own_account_is_no_account_that_exists() -> None:
    """By its id it would be another resource, and the one of before be deleted."""
    entry = {"name": "own", "id": existing.HERE, "deployments": [existing.THERE]}
    answers = {
        STATE: existing.held(),
        existing.GET_ACCOUNT: existing.ACCOUNT,
        existing.GET_DEPLOYMENT: existing.FOUND,
        existing.GET_GROUP: existing.GROUP_FOUND,
    }
    config = {"accounts": [entry], "deployments": [], **existing.GROUP}
    with pytest.raises(pulumi.RunError, match="give accountName shared in the place of id"):
        run_without_insights(config, answers=answers)


def test_a_provisioned_deployment_spills_over_to_a_standard_one() -> None:
    spilling = RESERVED | {"spillover": "chat"}
    run = run_without_insights({"deployments": [spilling, LUNA]})
    given = run.inputs("deployment-reserved")
    assert given["properties"]["spilloverDeploymentName"] == "chat"
    depends = run.request("deployment-reserved").dependencies
    assert any("deployment-chat" in urn for urn in depends)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"accounts": ACCOUNTS}, "deployments"),
        (SEVERAL | {"accountName": "oai-x"}, "accountName"),
        (SEVERAL | {"accounts": [*ACCOUNTS, ACCOUNTS[0]]}, "given twice: weu"),
        (SEVERAL | {"accountKind": "AIServices"}, '"OpenAI", because accounts has them'),
        (SEVERAL | {"accountDiagnosticSettingName": "logs"}, "because accounts has them"),
        (SEVERAL | {"accountKind": "AIServices"}, "pulumi config rm --path 'accountKind'"),
        (several_of({"id": existing.HERE, "kind": "AIServices"}), "no kind beside id"),
        (several_of({"id": existing.HERE}, {"id": existing.HERE.upper()}), "given twice: /sub"),
        (several_of({"accountName": "oai-x"}, {"accountName": "oai-x"}), "given twice: oai-x"),
        (several_of(*[{}] * 31), "at most 30 accounts"),
        (SEVERAL | {"accounts": [ACCOUNTS[0] | {"deployments": []}]}, "at least one"),
        (SEVERAL | {"accounts": [ACCOUNTS[0] | {"name": "pool"}]}, "accounts[0].name"),
        (SEVERAL | {"accounts": [ACCOUNTS[0] | {"priority": 0}]}, "accounts[0].priority"),
        (SEVERAL | {"storedResponses": "share"}, "storedResponses"),
        ({"deployments": []}, "at least one deployment"),
        (
            SEVERAL | {"accounts": [ACCOUNTS[0] | {"keys": "allow"}]},
            "only beside id",
        ),
        (SEVERAL | {"accounts": [ACCOUNTS[0] | {"diagnosticSettingName": ""}]}, "only beside id"),
        (
            SEVERAL | {"accounts": [ACCOUNTS[0], {"name": "b2", "deployments": [MINI | CHAT]}]},
            "",
        ),
        (
            SEVERAL
            | {
                "accounts": [
                    ACCOUNTS[0],
                    {"name": "b2", "deployments": [MINI | {"name": "Chat"}]},
                ]
            },
            "one model and version in every account",
        ),
        ({"deployments": [LUNA | {"spillover": "mini"}, MINI]}, "spillover of chat"),
        ({"deployments": [RESERVED | {"spillover": "nowhere"}]}, "spillover of reserved"),
    ],
)
def test_what_does_not_fit_together_is_refused(config: dict[str, Any], words: str) -> None:
    if not words:
        run_without_insights(config)
        return
    with pytest.raises(pulumi.RunError) as error:
        run_without_insights(config)
    assert words in str(error.value)


def test_a_pool_takes_thirty_accounts() -> None:
    config = several_of(*[{}] * 30)
    assert len(checked(tuple(map(Account.model_validate, config["accounts"])))) == 30


def test_backends_have_names_of_their_own_however_long() -> None:
    long = ["a" * 80, "b" * 20, "c" * 64]
    names = {
        routing.backend_name(*long),
        routing.backend_name(*long[:2], "c" * 63),
        routing.backend_name("a", "b", "c"),
    }
    assert len(names) == 3
    assert max(map(len, names)) == routing.BACKEND_NAME_LIMIT


def test_without_accounts_there_is_nothing_to_plan() -> None:
    assert routing.plan("miyagi-api", ()) is None
    one = Account.model_validate({"name": "weu", "deployments": [LUNA]})
    planned = routing.plan("miyagi-api", (one,))
    assert planned


def test_alerts_queries_and_charts_are_of_every_account() -> None:
    run = run_program(SEVERAL)
    names = {request.name for request in run.requests.values()}
    ids = [f"/id/openai-account-{one['name']}" for one in ACCOUNTS]
    for account in ACCOUNTS:
        given = run.inputs(f"alert-token-usage-{account['name']}")
        assert given["scopes"] == [f"/id/openai-account-{account['name']}"]
    assert "alert-ptu-utilization-alone" in names
    assert "alert-ptu-utilization-weu" not in names
    figures = run.inputs("figures")["query"]
    for one in ids:
        assert one in figures
    query = run.inputs("query-bypass")["query"]
    assert "| where _ResourceId in~ (account)" in query
    assert "_ResourceId =~ account" not in query
    silence = run.inputs("alert-silence")
    assert all(one in str(silence["criteria"]) for one in ids)
    assert "_ResourceId in~ (account)" in str(silence["criteria"])
    book = run.inputs("workbook")["serializedData"]
    assert all(one in book for one in ids)
    assert '"chat": 30' in figures


def test_one_deployment_in_two_spellings_has_one_capacity() -> None:
    """Azure compares their names without case."""
    upper = RESERVED | {"name": "RESERVED"}
    accounts = [
        {"name": "weu", "location": "westeurope", "deployments": [LUNA | {"name": "Chat"}, upper]},
        {"name": "swc", "location": "swedencentral", "deployments": [LUNA, RESERVED]},
    ]
    figures = run_program({"accounts": accounts, "deployments": []}).inputs("figures")["query"]

    assert '"Chat": 20' in figures
    assert '"chat"' not in figures
    assert ('"RESERVED"' in figures, '"reserved"' in figures) == (True, False)
