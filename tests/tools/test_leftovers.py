"""Whose a resource is that Azure still has, and what `tools.leftovers` may send."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from rich.console import Console

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.errors import CannotRunError
from tests.tools.adoption import ACCOUNT, GROUP, NATIVE, SERVICE, Credential, urn
from tools.adopt.engine import Engine
from tools.adopt.stack import State
from tools.leftovers import history, look
from tools.leftovers.export import Export
from tools.leftovers.kept import SLACK, Kept
from tools.leftovers.look import Left, Look
from tools.leftovers.owned import WORKSPACE, Owned, known
from tools.leftovers.purge import NotOwnError, Purge
from tools.leftovers.run import Leftovers

ENDED = datetime(2026, 11, 28, 10, tzinfo=UTC)
DELETED = ACCOUNT.replace(
    "/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts",
    "/providers/Microsoft.CognitiveServices/locations/eastus/resourceGroups/rg/deletedAccounts",
)
PLACE = {"location": "East US", "identity": {"principalId": "P-1"}}


def state(*resources: Mapping[str, Any]) -> State:
    manifest = {"time": ENDED.isoformat()}
    return State({"deployment": {"manifest": manifest, "resources": list(resources)}})


def held(kind: str, name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"urn": urn(NATIVE + kind, name), "type": NATIVE + kind, "id": place, **more}


GATEWAY = held("apimanagement:ApiManagementService", "gateway", SERVICE, outputs=PLACE)
API = held("apimanagement:Api", "api", f"{SERVICE}/apis/a", deletedWith=GATEWAY["urn"])
PRODUCT = held("apimanagement:Product", "p", f"{SERVICE}/products/p", retainOnDelete=True)
OPENAI = held("cognitiveservices:Account", "account", ACCOUNT, outputs=PLACE)
THE_GROUP = held("resources:ResourceGroup", "group", GROUP)


class Azure:
    """What exists, by path; every request that would change something is kept."""

    def __init__(self, *paths: str, **more: Any) -> None:
        self.bodies = {path: dict[str, Any]() for path in paths} | more.pop("bodies", {})
        self.status, self.sent = more.get("status", 404), list[tuple[str, str]]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path)
        if request.method != "GET":
            self.sent.append((request.method, path))
            self.bodies.pop(path, None)
            return httpx.Response(200, json={})
        if path not in self.bodies:
            empty = path.endswith(("/resources", "/apis", "/subscriptions"))
            return httpx.Response(200 if empty else self.status, json={"value": []})
        return httpx.Response(200, json={"id": path, **self.bodies[path]})


def manager(azure: Azure) -> Manager:
    return Manager(
        endpoint="https://management.azure.com",
        client=lambda: httpx.Client(transport=httpx.MockTransport(azure)),
        credential=Credential,
    )


def seen(azure: Azure, current: State | None, *earlier: State, **more: Any) -> Left:
    return Look(manager=manager(azure), known=known(current, earlier), **more).run()


def why(found: Mapping[str, tuple[Owned, str]]) -> dict[str, str]:
    return {one.id: reason for one, reason in found.values()}


def test_what_the_engine_forgot_is_left_and_what_it_deleted_is_maybe_anothers() -> None:
    azure = Azure(GROUP, SERVICE, API["id"], PRODUCT["id"], ACCOUNT)
    full = state(THE_GROUP, GATEWAY, API, PRODUCT, OPENAI)
    found = seen(azure, state(THE_GROUP, GATEWAY), full)
    assert why(found.left) == {API["id"]: look.FORGOTTEN, PRODUCT["id"]: look.RETAINED}
    assert why(found.unsure) == {ACCOUNT: look.AGAIN}
    assert found.deployed == 2
    found = seen(azure, state(), full)
    assert not found.left
    assert why(found.unsure)[PRODUCT["id"]] == look.INSIDE
    found = seen(azure, state(), full, lost=True)
    assert {*why(found.left)} == {GROUP, SERVICE, API["id"], PRODUCT["id"], ACCOUNT}


def test_what_the_stack_let_go_or_only_used_is_not_its_own() -> None:
    azure = Azure(SERVICE, API["id"])
    let_go = state({**GATEWAY, "external": True}, API)
    found = seen(azure, state(), let_go, state(GATEWAY, API), lost=True)
    assert {*why(found.left)} == {API["id"]}


def test_what_azure_created_after_the_stacks_last_operation_is_anothers() -> None:
    later = (ENDED + timedelta(hours=1)).isoformat()
    listed = {"value": [{"id": ACCOUNT, "createdTime": later}]}
    azure = Azure(ACCOUNT, bodies={f"{GROUP}/resources": listed})
    found = seen(azure, None, state(OPENAI), lost=True)
    assert (why(found.left), why(found.unsure)) == ({}, {ACCOUNT: look.LATER})


@pytest.mark.parametrize(("after", "ours"), [(-SLACK, True), (2 * SLACK, False)])
def test_what_was_deleted_long_after_the_stacks_last_operation_is_anothers(
    after: timedelta, ours: bool
) -> None:
    facts = {
        "deletionDate": (ENDED + after).isoformat(),
        "scheduledPurgeDate": "2026-11-30T10:00:00Z",
    }
    azure = Azure(bodies={DELETED: {"properties": facts}})
    [kept] = seen(azure, state(), state(OPENAI)).kept
    assert (kept.ours, kept.until) == (ours, "2026-11-30T10:00:00Z")
    assert Left(kept=[kept]).nothing is not ours
    Purge(manager=manager(azure), found=Left(kept=[kept]), workspaces=lambda _: False).run()
    assert azure.sent == [("DELETE", DELETED)] * ours


def test_what_cannot_be_read_is_not_known_and_never_nothing() -> None:
    found = seen(Azure(status=403), state(), state(OPENAI))
    assert [*found.unread] == [ACCOUNT]
    assert not found.nothing
    unknown = {**OPENAI, "type": "azure-native:new:Kind"}
    assert [*seen(Azure(), state(), state(unknown)).unread] == [ACCOUNT]
    told = {**unknown, "outputs": {"azureApiVersion": "2026-01-01"}}
    assert seen(Azure(), state(), state(told)).nothing


def test_group_with_what_is_anothers_stays() -> None:
    listed = {"value": [{"id": f"{GROUP}/providers/Other.Kind/things/t"}]}
    azure = Azure(GROUP, ACCOUNT, bodies={f"{GROUP}/resources": listed})
    found = seen(azure, None, state(THE_GROUP, OPENAI), lost=True)
    ends = Purge(manager=manager(azure), found=found, workspaces=lambda _: True).run()
    assert "Other.Kind" in ends[GROUP]
    assert ("DELETE", ACCOUNT) in azure.sent
    assert ("DELETE", GROUP) not in azure.sent


class Shared(Azure):
    """A group that somebody else uses too, once the removal has begun, or that no one may list."""

    def __init__(self, *paths: str, listing: int) -> None:
        super().__init__(*paths)
        self.listing = listing

    def __call__(self, request: httpx.Request) -> httpx.Response:
        begun = bool(self.sent) or self.listing != httpx.codes.OK
        if request.url.path == f"{GROUP}/resources" and begun:
            theirs = {"value": [{"id": f"{GROUP}/providers/Other.Kind/things/t"}]}
            return httpx.Response(self.listing, json=theirs)
        return super().__call__(request)


@pytest.mark.parametrize("listing", [200, 403])
def test_group_that_others_use_by_now_or_that_nobody_can_list_stays(listing: int) -> None:
    azure = Shared(GROUP, ACCOUNT, listing=listing)
    found = seen(azure, None, state(THE_GROUP, OPENAI), lost=True)
    assert found.others
    assert not any(found.others.values())
    ends = Purge(manager=manager(azure), found=found, workspaces=lambda _: True).run()
    assert ("Other.Kind" if listing == httpx.codes.OK else "cannot be read") in ends[GROUP]
    assert ("DELETE", ACCOUNT) in azure.sent
    assert ("DELETE", GROUP) not in azure.sent


def test_request_for_what_was_not_found_is_not_sent() -> None:
    azure = Azure(ACCOUNT)
    purge = Purge(manager=manager(azure), found=Left(), workspaces=lambda _: True)
    for path in (ACCOUNT, f"{GROUP}/../{ACCOUNT}"):
        with pytest.raises(NotOwnError):
            purge._delete(path, "2025-06-01")
    assert not azure.sent


@pytest.mark.parametrize("plan", ["Basic", "Auxiliary"])
def test_workspace_with_rows_that_no_export_reads_stays(plan: str, tmp_path: Path) -> None:
    space = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
    tables = [
        {"id": f"{space}/tables/{name}", "name": name, "properties": {"plan": of}}
        for name, of in (("AzureMetrics", "Analytics"), ("ApiManagementGatewayLogs", plan))
    ]
    azure = Azure(space, bodies={f"{space}/tables": {"value": tables}})
    one = held("operationalinsights:Workspace", "workspace", space)
    found = seen(azure, None, state(one), lost=True)
    export = Export(manager=manager(azure), folder=tmp_path, config={})
    purge = Purge(manager=manager(azure), found=found, workspaces=lambda _: True, before=export.run)
    ends = purge.run()
    assert f"plan {plan}" in ends[space]
    assert "ApiManagementGatewayLogs" in ends[space]
    assert "AzureMetrics" not in ends[space]
    assert not azure.sent


class Forced(Azure):
    """Azure, which keeps whether a deletion was for good; what is PUT exists."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = super().__call__(request)
        if "force" in request.url.params:
            self.sent[-1] = ("DELETE for good", request.url.path)
        if request.method == "PUT":
            self.bodies[request.url.path] = {}
        return answer


def test_workspace_that_was_recovered_in_vain_is_as_it_was() -> None:
    space = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
    one = Owned(
        urn="", type=WORKSPACE, id=space, version="2023-09-01", outputs={"location": "eastus"}
    )
    azure = Forced()

    def unreadable(_: Owned) -> None:
        raise UnreadableError("its rows are not exported")

    found = Left(kept=[Kept(owned=one, path=space, until="later")])
    purge = Purge(manager=manager(azure), found=found, workspaces=lambda _: True, before=unreadable)
    assert purge.run() == {space: "its rows are not exported"}
    assert azure.sent == [("PUT", GROUP), ("PUT", space), ("DELETE", space), ("DELETE", GROUP)]
    assert not azure.bodies


class Removed(Engine):
    """The engine, once `pulumi stack rm` has taken the stack away."""

    def _run(self, *arguments: str) -> str:
        raise CannotRunError(f"no stack named dev for {arguments}")


def test_stack_that_was_removed_is_known_by_its_file(tmp_path: Path) -> None:
    file, out, azure = tmp_path / "state.json", StringIO(), Azure(ACCOUNT, API["id"])
    file.write_text(json.dumps(state(OPENAI, API).document))
    asked = list[str]()

    def typed(_: str, name: str) -> bool:
        asked.append(name)
        return True

    run = Leftovers(
        engine=Removed(stack="dev"),
        console=Console(file=out, width=300),
        manager=lambda _: manager(azure),
        purge=True,
        named=typed,
    )
    with pytest.raises(CannotRunError, match="no stack"):
        run.run()
    run.files = [file]
    assert run.run() == 0, out.getvalue()
    assert asked == ["dev"]
    assert f"left: {ACCOUNT}" in out.getvalue()
    assert ("DELETE", ACCOUNT) in azure.sent


class Pulumi(Engine):
    """An engine whose backend is given."""

    url = ""

    def export(self, version: str = "") -> State:
        return State({"deployment": {"version": version}})

    def history(self, most: int) -> list[dict[str, Any]]:
        return [{"version": number} for number in range(1, most + 1)]

    def backend(self) -> str:
        return self.url

    def name(self) -> tuple[str, str]:
        return "project", "dev"


def versions(states: Sequence[State]) -> list[str]:
    return [str(one.document["deployment"].get("version")) for one in states]


def test_earlier_states_come_from_where_the_backend_keeps_them(tmp_path: Path) -> None:
    engine = Pulumi()
    Pulumi.url = "https://app.pulumi.com/somebody"
    states, missing = history.states(engine, 3)
    assert (versions(states), missing) == (["", "3", "2", "1"], "")

    Pulumi.url = "azblob://state?storage_account=mine"
    states, missing = history.states(engine)
    assert versions(states) == [""]
    assert "azblob://state under .pulumi/history" in missing

    Pulumi.url = f"file://{tmp_path}?metadata=skip"
    kept = tmp_path / ".pulumi/history/project/dev/dev-1.checkpoint.json"
    backup = tmp_path / ".pulumi/backups/project/dev/dev.2.json.gz"
    strange = tmp_path / ".pulumi/history/project/dev/dev-3.history.json"
    for file, number in ((kept, "1"), (backup, "2"), (strange, "3")):
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"checkpoint": {"latest": {"version": number}}}).encode()
        file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)
    states, missing = history.states(engine)
    assert (versions(states), missing) == (["", "2", "1"], "")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"checkpoint": 1}'])
def test_file_that_is_no_state_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(CannotRunError, match="is no state of a stack"):
        history.read(file)


def test_folder_of_a_file_backend_may_be_the_home() -> None:
    engine = Pulumi()
    Pulumi.url = "file://~/states"
    assert engine.folder() == Path(os.path.expanduser("~/states"))  # noqa: PTH111 as in the product
