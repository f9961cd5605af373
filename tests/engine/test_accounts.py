"""Four accounts in three regions behind one API, and a fault on each of them in turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.machine import Done, Machine
from sandbox.arm.base import ACCOUNT, SERVICE, SETTING
from sandbox.cloud import Cloud
from sandbox.gateway import gateway_endpoint
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.logs import Telemetry, Workspaces
from sandbox.model import model_endpoint
from sandbox.model.service import Service
from sandbox.options import Options
from tests.engine.stacks import QUICK, Stack

LUNA: dict[str, Any] = {
    "name": "text-turbo",
    "model": "gpt-5.6-luna",
    "version": "2026-07-09",
    "capacity": 10,
}
EMBEDDINGS = {
    "name": "embeddings",
    "model": "text-embedding-3-small",
    "version": "1",
    "capacity": 10,
}
ACCOUNTS: list[dict[str, Any]] = [
    {"name": "weu", "location": "westeurope", "deployments": [LUNA]},
    {"name": "swc", "location": "swedencentral", "deployments": [LUNA], "priority": 2},
    {"name": "eus", "location": "eastus", "deployments": [LUNA, EMBEDDINGS], "priority": 3},
    {"name": "eus2", "location": "eastus", "deployments": [LUNA], "priority": 4},
]
NAMES = [account["name"] for account in ACCOUNTS]
CHAT = "/openai/deployments/text-turbo/chat/completions"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("several"))
    made.configure(accounts=ACCOUNTS, deployments=None, insights=False)
    made.up(options=QUICK)
    return made


class Azure:
    """The deployed stack's gateway and accounts, in this process, with faults by account."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.outputs = machine.outputs()
        options = Options(folder=machine.cloud, role_delay=0)
        self.cloud, self.rows = Cloud(machine.cloud), list[tuple[str, str, dict[str, Any]]]()
        telemetry = Recorder(self.cloud, Workspaces(folder, options), self.rows)
        self.services = {name: Service() for name in NAMES}
        hosts = {
            one["backendUrl"].split("/")[2]: one["name"]
            for one in self.outputs["proof"]["accounts"]
        }
        models = {
            name: model_endpoint(self.cloud, options, telemetry, service)
            for name, service in self.services.items()
        }
        self.faults: dict[str, Callable[[], Response]] = {}

        def send(request: Request) -> Response:
            name = hosts[request.host]
            return self.faults[name]() if name in self.faults else models[name](request)

        self.gateway: Endpoint = gateway_endpoint(self.cloud, options, telemetry, send)

    def call(self, path: str = CHAT, **body: Any) -> Response:
        host = self.outputs["gatewayUrl"].removeprefix("https://")
        key = self.outputs["subscriptionKeys"]["aoai-test"]
        headers = Headers([("api-key", key), ("Content-Type", "application/json")])
        given = {"messages": [{"role": "user", "content": "Say hello."}]} | body
        version = [("api-version", "2024-12-01-preview")] if "/deployments/" in path else []
        raw = json.dumps(given).encode()
        response = self.gateway(Request("POST", host, path, version, headers, raw))
        if not isinstance(response.body, bytes):
            response.body = b"".join(response.body)
        return response

    def answered(self) -> list[str]:
        """The accounts that answered, by the gateway's rows; each has the call in its own log."""
        names = []
        for _, category, row in self.rows:
            if category == "GatewayLogs":
                names.append(row["BackendId"].split(".")[1])
        own = [
            resource.rpartition("/oai-")[2].rpartition("-")[0]
            for resource, category, row in self.rows
            if category == "RequestResponse" and row["ResultSignature"] == "200"
        ]
        assert own == names
        return names


class Recorder(Telemetry):
    """Telemetry that keeps every row too."""

    def __init__(self, cloud: Cloud, workspaces: Workspaces, rows: list[Any]) -> None:
        super().__init__(cloud, workspaces)
        self.kept = rows

    def emit(self, resource_id: str, category: str, row: Any) -> None:
        self.kept.append((resource_id, category, row))
        super().emit(resource_id, category, row)


def throttled() -> Response:
    made = Response.json(429, {"error": {"code": "429"}})
    made.headers.add("retry-after", "1")
    return made


def unavailable() -> Response:
    return Response.json(503, {"error": {"code": "ServiceUnavailable"}})


def unreachable() -> Response:
    raise ConnectionError("the remote name could not be resolved")


@pytest.fixture
def azure(deployed: Machine, tmp_path: Path) -> Azure:
    return Azure(deployed, tmp_path)


def test_without_a_fault_the_first_answers(azure: Azure) -> None:
    assert azure.call().status == 200
    assert azure.answered() == ["weu"]


@pytest.mark.parametrize("fault", [unavailable, throttled, unreachable])
def test_every_call_is_answered_and_accounted_to_who_answered_it(
    azure: Azure, fault: Callable[[], Response]
) -> None:
    for number in range(len(NAMES) - 1):
        name = NAMES[number]
        azure.faults[name] = fault
        for stream in (False, True):
            response = azure.call(stream=stream)
            assert response.status == 200, response.body
    assert azure.answered() == ["swc", "swc", "eus", "eus", "eus2", "eus2"]


def test_a_deployment_of_one_account_and_the_v1_surface(azure: Azure) -> None:
    azure.faults["weu"] = throttled
    assert azure.call("/openai/v1/chat/completions", model="text-turbo").status == 200
    assert azure.call("/openai/deployments/embeddings/embeddings", input="hello").status == 200
    assert azure.answered() == ["swc", "eus"]


def test_with_all_down_callers_are_told_so(azure: Azure) -> None:
    azure.faults = dict.fromkeys(azure.services, unreachable)
    response = azure.call()
    assert (response.status, response.headers.get("Retry-After")) == (503, "10")


def test_an_error_that_an_account_may_have_worked_for_is_the_callers(azure: Azure) -> None:
    azure.services["weu"].down = True
    assert azure.call().status == 500


def test_a_name_that_no_account_has_is_the_first_accounts_to_refuse(azure: Azure) -> None:
    response = azure.call("/openai/deployments/nothing/chat/completions")
    assert response.status == 404
    assert b"DeploymentNotFound" in bytes(response.body)  # type: ignore[arg-type]


CHECK = ("python", "-m", "queries.check", "--stack", "dev", "--depth", "quick", "--settle", "0.1")


def test_the_check_proves_all_but_the_accounts_that_no_call_reaches(deployed: Machine) -> None:
    done = deployed.run(*CHECK, "--timeout", "2", options=QUICK)
    assert done.status == 4, done.text
    assert "no call reached text-turbo of swc, text-turbo of eus, text-turbo of eus2" in done.text
    assert "1 unjudged (accounts)" in done.text


@pytest.fixture(scope="module")
def met(deployed: Machine) -> Done:
    """How the check ended that called each account by name."""
    return deployed.run(*CHECK, "--failover", "--timeout", "2", options=QUICK)


def test_the_check_meets_stand_bys_by_name_and_sees_a_call_go_on(met: Done) -> None:
    assert met.status == 0, met.text
    text = " ".join(met.text.split())
    for name in NAMES:
        assert f"text-turbo of {name}" in text, met.text
    assert "a call of text-turbo went on to weu from nobody" in text, met.text


def test_report_and_check_read_what_others_called_of_each_account(
    deployed: Machine, met: Done, tmp_path: Path
) -> None:
    """Rows of the run before; nobody is called."""
    assert met.status == 0
    made = tmp_path / "report.html"
    report = ("python", "-m", "queries.report", "--stack", "dev", "--out", str(made))
    done = deployed.run(*report, options=QUICK)
    assert done.status == 0, done.text
    page = made.read_text()
    assert "Accounts by deployment" in page
    for name in NAMES:
        assert f">{name}<" in page
    done = deployed.run(*report, "--account", "weu", options=QUICK)
    assert done.status == 0, done.text
    assert "account weu alone" in made.read_text()
    assert deployed.run(*report, "--account", "other", options=QUICK).status == 2
    done = deployed.run(*CHECK, "--no-traffic", options=QUICK)
    assert done.status in {0, 4}, done.text
    assert "accounts" in done.text


def test_a_stand_by_that_is_broken_fails_with_its_cause(deployed: Machine, tmp_path: Path) -> None:
    """Its role, its deployment or its network; no other call of the run meets it."""
    broken = Stack(deployed.cloud, tmp_path).machine
    broken.configure(accounts=ACCOUNTS, deployments=None, insights=False)
    broken.pulumi("stack", "select", "dev")
    cloud = Cloud(broken.cloud)
    ids = {account.name.split("-")[1]: account.id for account in cloud.of_type(ACCOUNT)}
    with cloud.change():
        for one in cloud.of_type("Microsoft.Authorization/roleAssignments"):
            if one.id.startswith(ids["swc"] + "/"):
                cloud.remove(one.id)
        cloud.remove(f"{ids['eus']}/deployments/text-turbo")
        closed = cloud.get(ids["eus2"])
        assert closed
        closed.properties["publicNetworkAccess"] = "Disabled"
    done = broken.run(*CHECK, "--failover", "--timeout", "0.3", options=QUICK)
    text = " ".join(done.text.split())
    assert done.status == 1, done.text
    at = text.index("accounts failed")
    for words in (
        "text-turbo of swc: HTTP 401",
        "text-turbo of eus: HTTP 404 DeploymentNotFound",
        "text-turbo of eus2: HTTP 403",
    ):
        assert words in text[at:], done.text
    assert "call seen" in text, "the callers' own calls are answered all the while"


def test_a_policy_that_lets_any_caller_name_an_account_fails(
    deployed: Machine, tmp_path: Path
) -> None:
    """A policy of an earlier version knows no such call, and answers it as any other."""
    older = Stack(deployed.cloud, tmp_path).machine
    older.configure(accounts=ACCOUNTS, deployments=None, insights=False)
    older.pulumi("stack", "select", "dev")
    cloud = Cloud(older.cloud)
    with cloud.change():
        for one in cloud.of_type(f"{SERVICE}/apis/policies"):
            text = str(one.properties["value"])
            one.properties["value"] = text.replace("x-failover-check", "x-something-else")
    done = older.run(*CHECK, "--failover", "--timeout", "0.2", options=QUICK)
    text = " ".join(done.text.split())
    assert done.status == 1, done.text
    assert "answered a caller who named an account without a token: HTTP 200" in text, done.text


def test_the_check_tells_what_is_wrong_with_which_account(
    deployed: Machine, tmp_path: Path
) -> None:
    broken = Stack(deployed.cloud, tmp_path).machine
    broken.configure(accounts=ACCOUNTS, deployments=None, insights=False)
    broken.pulumi("stack", "select", "dev")
    cloud, ids = Cloud(broken.cloud), dict[str, str]()
    for account in cloud.of_type(ACCOUNT):
        ids[account.name.split("-")[1]] = account.id
    with cloud.change():
        found = cloud.get(ids["swc"])
        assert found
        found.properties["disableLocalAuth"] = False
        for one in cloud.of_type("Microsoft.Authorization/roleAssignments"):
            if one.id.startswith(ids["eus"] + "/"):
                cloud.remove(one.id)
        for one in cloud.of_type(SETTING):
            if one.id.startswith(ids["eus2"] + "/"):
                cloud.remove(one.id)
        for one in cloud.of_type(f"{SERVICE}/backends"):
            if one.name == "miyagi-api.swc.text-turbo":
                one.properties["url"] = "https://elsewhere.openai.azure.com/openai"
    done = broken.run(*CHECK, "--timeout", "0.5", options=QUICK)
    text = " ".join(done.text.split())
    assert done.status == 1, done.text
    for words in (
        "disableLocalAuth of the account (swc) is false",
        "role of the gateway's identity on the account (eus) is missing",
        "API miyagi-api) is https://elsewhere.openai.azure.com/openai",
        "(eus2)",
    ):
        assert words in text, done.text


def test_preflight_knows_each_account_and_deployment_by_the_state(deployed: Machine) -> None:
    done = deployed.run("python", "-m", "components.preflight", "--stack", "dev")
    assert done.status == 0, done.text
    assert "there is nothing to ask" in done.text


def test_the_only_account_becomes_the_first_of_several(tmp_path: Path) -> None:
    """Whole, and with its deployments, role and logs."""
    machine = Machine(tmp_path)
    machine.configure(deployments=[LUNA], insights=False)
    machine.up(options=QUICK)
    cloud = Cloud(machine.cloud)
    kinds = (ACCOUNT, f"{ACCOUNT}/deployments", SETTING, "Microsoft.Authorization/roleAssignments")
    before = {one.id: one.incarnation for kind in kinds for one in cloud.of_type(kind)}
    [account] = cloud.of_type(ACCOUNT)
    first = ACCOUNTS[0] | {"accountName": account.name, "location": "eastus"}
    machine.configure(accounts=[first, ACCOUNTS[1]], deployments=None)
    machine.up(options=QUICK)
    after = {one.id: one.incarnation for one in Cloud(machine.cloud).all()}
    assert {one: after.get(one) for one in before} == before
    machine.pulumi("preview", "--expect-no-changes")


def test_a_second_up_changes_nothing_and_destroy_leaves_nothing(deployed: Machine) -> None:
    deployed.pulumi("preview", "--expect-no-changes")
    deployed.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    deployed.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    assert deployed.leftovers().status == 0
