"""Every read of the configuration, answered in every bad way: nothing is proven by it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from queries import outputs as reader
from queries.check.configuration.read import READS
from queries.check.configuration.versions import DIAGNOSTICS
from tests.check.arm import ACCOUNT, DIAGNOSTIC, GATEWAY, LOGGER, OTHER, POLICY, other_api
from tests.check.conftest import Run
from tests.check.reading import LOGS, ends, lost, of
from tests.check.stack import outputs

pytestmark = pytest.mark.slow

ELSEWHERE = "https://management.example/subscriptions/s"
BACKEND = "https://oai-x.openai.azure.com/openai"


def cut(answer: httpx.Response) -> httpx.Response:
    """Return the first half of a body."""
    return httpx.Response(200, content=answer.content[: len(answer.content) // 2])


def on(answer: httpx.Response, url: str) -> httpx.Response:
    """Return a list that goes on elsewhere, or a resource of no known shape."""
    whole = answer.json()
    return httpx.Response(200, json={**whole, "nextLink": url} if "value" in whole else [whole])


def unreachable(_: httpx.Response) -> httpx.Response:
    raise httpx.ConnectError("no route")


def unfinished(_: httpx.Response) -> httpx.Response:
    raise httpx.ReadTimeout("nothing more came")


ANSWERS: dict[str, Callable[[httpx.Response], httpx.Response]] = {
    **{
        f"HTTP {status}": lambda _, status=status: httpx.Response(  # type: ignore[misc]  # bound now
            status, json={"error": {"code": "No"}}
        )
        for status in (400, 401, 403, 404, 409, 429, 500, 502, 503)
    },
    "a proxy's page": lambda _: httpx.Response(200, text="<html>Sign in</html>"),
    "nothing": lambda _: httpx.Response(200, text=""),
    "null": lambda _: httpx.Response(200, text="null"),
    "a text": lambda _: httpx.Response(200, json="no"),
    "no object": lambda _: httpx.Response(200, json=[]),
    "an empty object": lambda _: httpx.Response(200, json={}),
    "an error with 200": lambda _: httpx.Response(200, json={"error": {"code": "No"}}),
    "a list of no resources": lambda _: httpx.Response(200, json={"value": [1]}),
    "a list that is none": lambda _: httpx.Response(200, json={"value": {}}),
    "properties of another shape": lambda a: httpx.Response(
        200, json={**a.json(), "properties": [], "value": [{"id": "x", "properties": "y"}]}
    ),
    "cut": cut,
    "a next page elsewhere": lambda answer: on(answer, ELSEWHERE),
    "the same page for ever": lambda answer: on(answer, f"{answer.request.url}"),
    "no connection": unreachable,
    "no end": unfinished,
}
JUDGED_THEMSELVES = {"gateway APIs", "callers", "vault"}
"""What has proofs of its own, and tests of those that answer each of its reads badly."""
NO_SUCH_VERSION = {"HTTP 400", "HTTP 404"}
"""What a cloud says that has no preview version of the API: then nothing is told of upgrades."""


def neighbour(run: Run) -> None:
    """Make a second API beside, which leads to the account and is logged by itself."""
    run.azure.arm.resources[OTHER] = other_api("copy", serviceUrl=BACKEND)
    logged = copy.deepcopy(run.azure.arm.resources[DIAGNOSTIC])
    run.azure.arm.resources[f"{OTHER}/diagnostics/azuremonitor"] = logged


def requests(run: Run) -> list[httpx.URL]:
    """Return every request that reads the configuration of a healthy stack, once each."""
    neighbour(run)
    assert run().verdict == "proven", run.screen.getvalue()
    return list(dict.fromkeys(request.url for request in run.azure.arm.asked))


def spoil(run: Run, url: httpx.URL, how: str) -> None:
    """Answer one request badly, and all others as before."""
    handle = run.azure.arm.handle

    def answer(request: httpx.Request) -> httpx.Response:
        whole = handle(request)
        whole.request = request
        return ANSWERS[how](whole) if request.url == url else whole

    run.azure.arm.handle = answer  # type: ignore[method-assign]  # one request is answered badly


def each() -> Iterator[tuple[str, str]]:
    """Yield the end of each path that is read, and each bad answer to it."""
    for part in PARTS:
        yield from ((part, how) for how in ANSWERS)


PARTS = {
    "account": ACCOUNT,
    "deployments": f"{ACCOUNT}/deployments",
    "deployments, the next page": f"{ACCOUNT}/deployments?skip=2",
    "consumers": f"{GATEWAY}/subscriptions",
    "apis": f"{GATEWAY}/apis",
    "its diagnostics": f"{OTHER}/diagnostics",
    "diagnostic": DIAGNOSTIC,
    "policy": POLICY,
    "gateway settings": f"{GATEWAY}/providers/Microsoft.Insights/diagnosticSettings",
    "account settings": f"{ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings",
    "a resource of the state": LOGGER,
}
"""What is read of a healthy stack that is judged by it, by the path of the request."""


def wanted(part: str, urls: list[httpx.URL]) -> httpx.URL:
    """Return the request of a part: of the account the one that is judged, not the remark's."""
    path, _, skip = PARTS[part].partition("?skip=")
    return next(u for u in urls if u.path == path and u.params.get("skip", "") == skip)


def test_the_list_of_reads_is_whole(run: Run) -> None:
    """A read that is added must be named here, so that it is answered badly too."""
    run.azure.arm.deploy("b", "gpt-5.1")
    run.azure.arm.deploy("c", "gpt-5.1")
    urls = requests(run)
    named = {wanted(part, urls) for part in PARTS}
    left = {url for url in urls if url not in named and not _of_a_way(url)}
    assert {url.params["api-version"] for url in left if url.path == ACCOUNT} == {
        "2026-01-15-preview"
    }
    assert {url.path for url in left} == {ACCOUNT}


def _of_a_way(url: httpx.URL) -> bool:
    """Tell what `routes` and `access` read: their own tests answer each of these badly."""
    below = url.path.startswith(f"{GATEWAY}/") and url.params["api-version"] == DIAGNOSTICS
    return below or "/Microsoft.Authorization/" in url.path


@pytest.mark.parametrize(("part", "how"), list(each()))
def test_no_read_that_fails_ends_proven(run: Run, part: str, how: str) -> None:
    run.azure.arm.deploy("b", "gpt-5.1")
    run.azure.arm.deploy("c", "gpt-5.1")
    url = wanted(part, requests(run))
    spoil(run, url, how)

    report = run()

    assert report.status in {1, 4}, run.screen.getvalue()
    unseen = [line for line in report.proofs if line.status in {"unjudged", "failed"}]
    assert unseen, "the proof that needs it says so"
    known = {"declared", "audit", "streams", "drift", "routes", "access"}
    assert {line.id for line in unseen} <= known, "and no other does"
    assert all(line.detail and line.fix for line in unseen)


@pytest.mark.parametrize("how", ["HTTP 403", "HTTP 500", "a proxy's page", "no connection"])
def test_one_read_spoils_what_needs_it_and_nothing_else(run: Run, how: str) -> None:
    url = wanted("gateway settings", requests(run))
    spoil(run, url, how)

    assert (ends(run())["audit"], ends(run())["declared"]) == ("unjudged", "seen")


def test_a_failure_that_can_be_read_wins_over_what_cannot(run: Run) -> None:
    url = wanted("policy", requests(run))
    spoil(run, url, "HTTP 403")
    run.azure.arm.set(ACCOUNT, "disableLocalAuth", value=False)

    report = run()

    assert (report.status, of(report, "declared")[0]) == (1, "failed")


@pytest.mark.parametrize("how", ["HTTP 400", "HTTP 403", "a proxy's page"])
def test_what_is_only_told_is_said_to_be_unknown(run: Run, how: str) -> None:
    """Nothing is judged by the preview version of the account."""
    urls = requests(run)
    spoil(run, next(u for u in urls if u.params["api-version"].startswith("2026-01")), how)

    report = run()

    assert report.verdict == "proven"
    said = "cannot be read" in of(report, "declared")[1]
    assert said == (how not in NO_SUCH_VERSION)


@pytest.mark.parametrize("how", list(ANSWERS))
@pytest.mark.parametrize("part", sorted(READS.keys() - JUDGED_THEMSELVES))
def test_what_explains_a_failure_may_be_unreadable_too(run: Run, part: str, how: str) -> None:
    """After a failure everything is read; none of it may turn the outcome, or end the run."""
    run.azure.change = {LOGS: lost}
    report = run("--timeout", "1")
    asked = [request.url for request in run.azure.arm.asked]
    mine = read_by(run, part, asked)
    spoil(run, mine, how)

    again = run("--timeout", "1")

    assert (report.verdict, again.verdict in {"timeout", "failed"}) == ("timeout", True)
    told = {one.path for one in again.differences}
    assert again.unreadable or told or (part == "upgrade" and how in NO_SUCH_VERSION)
    json.dumps(again.unreadable)


@pytest.mark.parametrize("how", ["HTTP 403", "HTTP 500", "a proxy's page", "no connection"])
def test_a_vault_that_cannot_be_read_is_no_pass(run: Run, how: str) -> None:
    vault = "/subscriptions/s/providers/Microsoft.KeyVault/vaults/kv"
    run("--timeout", "1", keyVaultId=vault)
    secret = next(one.url for one in run.azure.arm.asked if "/secrets/" in one.url.path)
    spoil(run, secret, how)

    report = run("--timeout", "1", keyVaultId=vault)

    assert of(report, "declared")[0] == "unjudged"


def read_by(run: Run, part: str, urls: list[httpx.URL]) -> httpx.URL:
    """Return the last request that a part of the configuration makes."""
    made: list[httpx.URL] = []

    class Watching:
        def get(self, resource_id: str, version: str, **query: str) -> Any:
            made.append(one(resource_id, version, query))
            return run.azure.arm.resources.get(resource_id)

        def list(self, resource_id: str, version: str, **query: str) -> Any:
            made.append(one(resource_id, version, query))
            return []

    def one(path: str, version: str, query: dict[str, str]) -> httpx.URL:
        asked = {"api-version": version, **query}
        return next(u for u in urls if u.path == path and dict(u.params) == asked)

    READS[part](Watching(), reader.target(outputs()))  # type: ignore[arg-type]  # has what reads call
    return made[-1]
