"""Ways around the logs, made on the sandbox: each is answered there unlogged, and told."""

from __future__ import annotations

import itertools
import json
import uuid

import pytest

from harness.machine import Machine
from harness.sabotage.generated import ways
from harness.sabotage.generated.mutation import tell
from harness.sabotage.generated.ways import OK, Place, Recorder
from queries.check.proofs.findings import verdict
from queries.outputs import target
from sandbox import arm, rbac
from sandbox.arm.base import ACCOUNT
from sandbox.cloud import SUBSCRIPTION_ID
from sandbox.http import Headers, Request
from sandbox.identity import mint
from sandbox.model import model_endpoint
from sandbox.options import Options


def test_every_way_that_the_gateway_goes_is_told(deployed: Machine) -> None:
    count = tell(ways.mutations(deployed))
    assert sum(count.made.values()) == 150
    assert count.faults == {}


def test_the_same_elsewhere_or_logged_whole_is_seen(deployed: Machine) -> None:
    """A copy of the stack's own calls that is sent elsewhere is a change of these."""
    for how, told in ways.unharmed(deployed):
        copied = ways.twice(*how)
        assert told.status == ("failed" if copied else "seen"), (how, told.detail)
        assert "sends a copy" in told.detail or not copied


SCOPES = {
    "root": "",
    "management group": "/providers/Microsoft.Management/managementGroups/all",
    "subscription": f"/subscriptions/{SUBSCRIPTION_ID}",
    "group": "group",
    "account": "account",
}
PRINCIPALS = {"User": rbac.COLLEAGUE, "Group": rbac.TEAM, "ServicePrincipal": rbac.TOOL}
OWN_ROLE = "0e0e0e0e-0000-4000-8000-000000000001"


def _assign(place: Place, scope: str, kind: str, role: str) -> None:
    account = place.the(ACCOUNT).id
    given = {"group": account.partition("/providers/")[0], "account": account}
    where = given.get(SCOPES[scope], SCOPES[scope])
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"principalId": PRINCIPALS[kind], "principalType": kind}
    options = Options(folder=place.cloud.folder, role_delay=0)
    named = f"{where}/providers/{rbac.ASSIGNMENT}/{uuid.uuid4()}"
    body = {"properties": properties | {"roleDefinitionId": definition}}
    arm.put(place.cloud, options, named, "2022-04-01", body)


def _calls(place: Place, kind: str) -> bool:
    """Whether the account answers somebody's own token; a group calls by its member."""
    person = rbac.COLLEAGUE if kind == "Group" else PRINCIPALS[kind]
    token, _ = mint(place.cloud, place.target.audience, person)
    recorder = Recorder.__new__(Recorder)
    recorder.rows = []
    options = Options(folder=place.cloud.folder, role_delay=0)
    body = json.dumps({"messages": [{"role": "user", "content": "Around."}]}).encode()
    url = f"{place.chat}/chat/completions?api-version=2024-10-21"
    headers = Headers([("Authorization", f"Bearer {token}")])
    model = model_endpoint(place.cloud, options, recorder)
    answer = model(Request.to("POST", url, headers, body))
    assert isinstance(answer.body, bytes)
    assert recorder.count("GatewayLogs") == 0
    return answer.status == OK


@pytest.mark.parametrize("scope", SCOPES)
def test_whoever_the_account_answers_is_told_and_nobody_else(deployed: Machine, scope: str) -> None:
    told = target(deployed.outputs())
    cut = {"dataActions": ["Microsoft.CognitiveServices/*"]}
    cut["notDataActions"] = ["Microsoft.CognitiveServices/accounts/*"]
    own = f"/subscriptions/{SUBSCRIPTION_ID}/providers/{rbac.DEFINITION}/{OWN_ROLE}"
    body = {"roleName": "Cut", "permissions": [cut], "assignableScopes": ["/"]}
    for kind, role in itertools.product(PRINCIPALS, [*rbac.BUILT_IN, OWN_ROLE]):
        with Place.of(deployed, told) as place:
            if role == OWN_ROLE:
                options = Options(folder=place.cloud.folder)
                arm.put(place.cloud, options, own, "2022-04-01", {"properties": body})
            assert not _calls(place, kind)
            _assign(place, scope, kind, role)
            found = verdict("access", place.configuration.access())
            assert (found.status == "failed") == _calls(place, kind), (kind, role, found.detail)
            assert found.status != "failed" or PRINCIPALS[kind] in found.detail
