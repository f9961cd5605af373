"""What the stack closes to the internet: how it meets the check, and what Azure says of it."""

from __future__ import annotations

import json

import httpx
import pytest

from queries.check.doors import STATUS, knock
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.conftest import Run
from tests.check.reading import ends, of
from tests.check.several import configuration, stack, world

CLOSED = "Public access is disabled. Please configure private endpoint."
GATEWAY_CLOSED = (
    "Request originated from client public IP address 203.0.113.9, public network access on this "
    "'Microsoft.ApiManagement/service/apim-x' is disabled."
)
BOTH = {"account": "endpoint", "gateway": "endpoint"}


def meet(run: Run, *, account: int | None = 401, gateway: int | None = 200) -> None:
    """Let account and gateway answer this machine so; None for not at all."""
    answered, words = run.azure.handle, {403: CLOSED, 401: "no token", 200: "", 502: "bad gateway"}

    def handle(request: httpx.Request) -> httpx.Response:
        models = request.url.host.startswith("oai-x")
        if not models and request.url.path != STATUS:
            return answered(request)
        status = account if models else gateway
        if status is None:
            raise httpx.ConnectError("no way")
        told = GATEWAY_CLOSED if status == 403 and not models else words[status]
        return httpx.Response(status, json={"error": {"code": str(status), "message": told}})

    run.azure.handle = handle  # type: ignore[method-assign]


def azure_says(run: Run, *, account: str = "Disabled", gateway: str = "Disabled") -> None:
    for name, access in ((ACCOUNT, account), (GATEWAY, gateway)):
        run.azure.arm.resources[name]["properties"]["publicNetworkAccess"] = access


def test_who_is_outside_is_refused_and_shown_to_be(run: Run) -> None:
    meet(run, account=403, gateway=403)
    azure_says(run)
    report = run("--no-traffic", network=BOTH)
    for proof in ("account-closed", "gateway-closed"):
        assert of(report, proof)[0] == "seen"
        assert "does not let this machine in (HTTP 403" in of(report, proof)[1]
    assert "outside of the stack's network" in run.screen.getvalue()


def test_calls_from_outside_are_not_begun(run: Run) -> None:
    meet(run, account=403, gateway=403)
    report = run(network=BOTH)
    assert (report.verdict, report.status) == ("error", 2)
    assert "--no-traffic" in report.fix
    assert not run.azure.requests


def test_who_is_inside_is_told_so_and_shown_what_azure_says(run: Run) -> None:
    meet(run)
    azure_says(run)
    report = run(network=BOTH)
    assert report.verdict == "proven"
    for proof in ("account-closed", "gateway-closed"):
        assert "this machine stands inside" in of(report, proof)[1]
        assert "is Disabled" in of(report, proof)[1]


@pytest.mark.parametrize(
    ("open_", "proof"), [("account", "account-closed"), ("gateway", "gateway-closed")]
)
def test_what_is_open_fails_wherever_the_check_stands(run: Run, open_: str, proof: str) -> None:
    meet(run)
    azure_says(run, **{open_: "Enabled"})
    report = run(network=BOTH)
    assert of(report, proof)[0] == "failed"
    assert "is Enabled, declared Disabled" in of(report, proof)[1]
    assert report.verdict == "failed"


def test_a_gateway_that_is_not_closed_yet_says_what_to_do(run: Run) -> None:
    meet(run)
    azure_says(run, gateway="")
    assert "run pulumi up again" in of(run(network=BOTH), "gateway-closed")[2]


def test_what_cannot_be_read_is_not_passed(run: Run) -> None:
    meet(run)
    run.azure.arm.resources[ACCOUNT] = {}
    assert of(run(network=BOTH), "account-closed")[0] in {"failed", "unjudged"}


def test_each_of_several_accounts_is_asked_and_named() -> None:
    made, asked = world(), list[str]()
    made.resources[ACCOUNT]["properties"]["publicNetworkAccess"] = "Disabled"

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(403, json={"error": {"code": "403", "message": CLOSED}})

    to = stack(network={"account": "endpoint", "gateway": "public"})
    met = knock(to, httpx.Client(transport=httpx.MockTransport(handle)))
    found = configuration(made, to).account_closed(met)
    assert asked == ["oai-x.openai.azure.com", "oai-y.openai.azure.com"]
    (difference,) = found.differences
    assert difference.path == "publicNetworkAccess of the account (swc)"


def test_a_gateway_inside_a_network_may_have_no_address_here(run: Run) -> None:
    meet(run, gateway=None)
    run.azure.arm.resources[GATEWAY]["properties"]["virtualNetworkType"] = "Internal"
    report = run("--no-traffic", network={"account": "public", "gateway": "internal"})
    assert of(report, "gateway-closed")[0] == "seen"
    assert "ConnectError" in of(report, "gateway-closed")[1]
    assert "account-closed" not in ends(report)


def firewall(run: Run, *values: str, action: str = "Deny") -> None:
    rules = {"defaultAction": action, "ipRules": [{"value": one} for one in values]}
    run.azure.arm.resources[ACCOUNT]["properties"]["networkAcls"] = rules
    run.azure.arm.resources[GATEWAY]["properties"]["publicIPAddresses"] = ["20.1.2.3"]


def test_an_accounts_firewall_lets_in_the_gateway_alone(run: Run) -> None:
    only = {"account": "firewall", "gateway": "public"}
    meet(run, account=403)
    firewall(run, "20.1.2.3")
    assert of(run(network=only), "account-closed")[0] == "seen"
    firewall(run, "20.1.2.3", "203.0.113.9")
    assert "203.0.113.9" in of(run(network=only), "account-closed")[1]
    firewall(run, "20.1.2.3", action="Allow")
    assert of(run(network=only), "account-closed")[0] == "failed"


def test_addresses_that_cannot_be_read_are_no_difference(run: Run) -> None:
    meet(run)
    firewall(run, "20.1.2.3")
    run.azure.arm.resources[GATEWAY]["properties"]["publicIPAddresses"] = None
    report = run(network={"account": "firewall", "gateway": "public"})
    assert of(report, "account-closed")[0] == "unjudged"


def test_a_firewall_that_lets_this_machine_in_is_none(run: Run) -> None:
    meet(run)
    firewall(run, "20.1.2.3")
    report = run(network={"account": "firewall", "gateway": "public"})
    assert of(report, "account-closed")[0] == "failed"
    assert "answer of the account to this machine is HTTP 401" in of(report, "account-closed")[1]


def test_another_403_is_not_taken_for_a_closed_door(run: Run) -> None:
    answered = run.azure.handle

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith("oai-x") or request.url.path == STATUS:
            return httpx.Response(403, content=json.dumps({"message": "a web filter says no"}))
        return answered(request)

    run.azure.handle = handle  # type: ignore[method-assign]
    azure_says(run)
    report = run("--no-traffic", network=BOTH)
    assert of(report, "account-closed")[0] == "unjudged"
    assert of(report, "gateway-closed")[0] == "unjudged"


def test_a_stack_that_closes_nothing_is_asked_nothing(run: Run) -> None:
    report = run()
    assert not {"account-closed", "gateway-closed"} & ends(report).keys()
