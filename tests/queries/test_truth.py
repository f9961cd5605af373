"""Tokens and texts that the queries report are those of the calls that made the rows."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from queries.library import load, render
from tests.queries.calls import every_call
from tests.queries.database import START, Database, gateway, workspace
from tests.queries.truth import (
    EMBEDDINGS,
    Call,
    gateway_row,
    has_bodies,
    llm_rows,
    source,
    tells_kinds,
    unanswered,
)

CALLS = every_call()
BY_ID = {call.id: call for call in CALLS}


@pytest.fixture(scope="module")
def database() -> Database:
    return workspace(CALLS, seed=1)


def spent(calls: list[Call]) -> tuple[int, int | None, int | None, int | None]:
    """How many calls, and their tokens; None for those that cannot be known."""
    if source(calls[0]) == "unknown":
        return len(calls), None, None, None
    known = [call.tokens for call in calls]
    prompt, completion = (sum(side) for side in zip(*known, strict=True))
    return len(calls), prompt, completion, prompt + completion


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["Calls"], row["PromptTokens"], row["CompletionTokens"], row["TotalTokens"]


def test_every_source_and_the_unknown_are_among_the_calls() -> None:
    sources = {source(call) for call in CALLS}

    read = {"llm log", "response body", "streamed usage", "response header"}
    assert sources == read | {"none", "unknown"}


def test_tokens_by_consumer_add_up_to_the_truth(database: Database) -> None:
    groups = defaultdict(list)
    for call in CALLS:
        groups[call.consumer, source(call)].append(call)

    rows = database.ask(load("tokens-by-consumer"))

    found: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row["Consumer"] or "", row["TokenSource"]].append(told(row))
    added = {
        key: tuple(None if None in side else sum(side) for side in zip(*values, strict=True))
        for key, values in found.items()
    }
    assert added == {key: spent(calls) for key, calls in groups.items()}
    assert {row["Deployment"] for row in rows if row["Consumer"] == "aoai-b"} == {"emb", "chat"}


def test_kinds_of_tokens_are_those_that_answers_tell_and_else_null(database: Database) -> None:
    groups = defaultdict(list)
    for call in CALLS:
        groups[call.consumer, source(call), call.deployment].append(call)
    names = ("CachedTokens", "CacheWriteTokens", "ReasoningTokens", "AudioTokens", "ToldCalls")
    expected = {}
    for key, calls in groups.items():
        telling = [call for call in calls if tells_kinds(call)]
        kinds = [(*call.kept, 1, 0, 1) for call in telling]
        expected[key] = tuple(map(sum, zip(*kinds, strict=True))) or (None, None, None, None, 0)

    rows = database.ask(load("tokens-by-consumer"))

    found = {}
    for row in rows:
        key = row["Consumer"] or "", row["TokenSource"], row["Deployment"]
        assert key not in found
        found[key] = tuple(row[name] for name in names)
    assert found == expected
    read = {known for (_, known, _), (*_, told) in found.items() if told}
    assert read == {"llm log", "response body", "streamed usage", "response header"}
    assert any(not told for *_, told in found.values()), "some tell nothing"


def test_tokens_by_address_keep_two_consumers_apart(database: Database) -> None:
    groups = defaultdict(list)
    for call in CALLS:
        groups[call.ip, source(call)].append(call)

    rows = database.ask(load("tokens-by-caller-ip"))

    for (ip, known), calls in groups.items():
        mine = [r for r in rows if (r["CallerIpAddress"] or "") == ip and r["TokenSource"] == known]
        assert sum(row["Calls"] for row in mine) == len(calls)
        if known != "unknown":
            assert sum(row["TotalTokens"] for row in mine) == sum(call.total for call in calls)
    shared = [r for r in rows if r["CallerIpAddress"] == "10.0.0.1" and r["Model"] == "gpt"]
    assert {row["Consumers"] for row in shared} == {2}


def test_who_calls_without_a_key_is_no_consumer_of_an_address() -> None:
    one = Call(id="a", consumer="aoai-a", ip="10.0.0.9")
    other = replace(one, id="b", consumer="aoai-b", deployment="emb", operation=EMBEDDINGS)
    stranger = replace(one, id="c", consumer="", status=401, error={"statusCode": 401}, sent=False)
    alone = replace(stranger, id="d", ip="10.0.0.8")

    rows = workspace([one, other, stranger, alone], seed=1).ask(load("tokens-by-caller-ip"))

    found = {(row["CallerIpAddress"], row["Consumers"]) for row in rows}
    assert found == {("10.0.0.9", 2), ("10.0.0.8", 0)}


def test_calls_of_unknown_tokens_are_all_shown_and_counted(database: Database) -> None:
    rows = database.ask(load("tokens-unknown"))

    unknown = {call.id for call in CALLS if source(call) == "unknown"}
    assert {row["CorrelationId"] for row in rows} == unknown
    assert len(rows) == len(unknown)
    ended = sum(map(unanswered, CALLS))
    counts = (len(unknown) - ended, ended, len(CALLS))
    assert 0 < ended < len(unknown)
    assert {(row["UnknownCalls"], row["UnansweredCalls"], row["AllCalls"]) for row in rows} == {
        counts
    }
    why = {row["CorrelationId"]: row["Why"] for row in rows}
    assert why["without-usage-True"] == "stream without usage"
    assert why["without-usage-False"] == "response without usage"
    assert why["old-32768"] == "body cut before its usage"
    assert why["without-usage-True-plain"] == "stream without usage"
    assert why["nothing"] == "no body, and not in the LLM log"
    assert why["header-and-body-lost"] == "no body, and not in the LLM log"
    assert why["timeout"] == why["filtered"] == "refused after the model may have worked"
    assert why["filtered-plain"] == "refused after the model may have worked"
    assert why["unanswered-504"] == "refused after the model may have worked"
    told = "caller gone before the answer's end, the model may have worked"
    assert why["left"] == why["left-plain"] == told
    assert why["unanswered-0"] == "caller gone before the answer, the model may have worked"
    assert why["llm-only-untold"] == "no row in the gateway log"


def test_another_api_of_the_gateway_is_not_counted() -> None:
    database = workspace([Call(id="a"), Call(id="b", lost=frozenset({0, 1, 2}))], seed=1)

    (mine, read) = database.ask(render("tokens-by-consumer", api="MIYAGI-api"))

    assert (mine["TokenSource"], read["TokenSource"]) == ("llm log", "response body")
    assert database.ask(render("tokens-by-consumer", api="other")) == []


def test_tokens_of_a_call_that_the_gateway_log_lost_are_those_of_no_api() -> None:
    """To which API it went stood in the lost row: it is shown for every one."""
    lost = Call(id="b", consumer="", ip="", in_gateway_log=False, tokens=(7, 3))
    database = workspace([Call(id="a"), lost], seed=1)
    gateway(database, "c", ApiId="", ResponseCode=404)

    found = {
        api: {row["TotalTokens"] for row in database.ask(render("tokens-by-consumer", api=api))}
        for api in ("miyagi-api", "other", "")
    }

    assert found == {"miyagi-api": {15, 10}, "other": {10}, "": {15, 10, 0}}


def test_adjacent_times_share_the_tokens_between_them() -> None:
    """A call whose rows lie on both sides of a border is counted on one."""
    database = Database()
    call = Call(id="a")
    database.add_all("ApiManagementGatewayLogs", [gateway_row(call, START)])
    database.add_all("ApiManagementGatewayLlmLog", llm_rows(call, START))
    border = START + timedelta(milliseconds=500)
    hour = timedelta(hours=1)

    counts = []
    for since, until in ((border - hour, border), (border, border + hour)):
        rows = database.ask(render("tokens-by-consumer", since=utc(since), until=utc(until)))
        counts.append([(row["Consumer"], row["TotalTokens"]) for row in rows])

    assert counts == [[("aoai-a", call.total)], []]


def utc(time: Any) -> Any:
    return time.replace(tzinfo=UTC)


def test_texts_said_to_be_whole_are_what_was_said(database: Database) -> None:
    text = load("prompts-and-completions").replace("| take 100", "")
    rows = {row["CorrelationId"]: row for row in database.ask(text)}

    assert rows.keys() == BY_ID.keys()
    for call in CALLS:
        row = rows[call.id]
        for side, said, body in (
            ("Prompt", call.messages, call.request_body),
            ("Completion", call.replies, call.response_body),
        ):
            logged = len(json.dumps(said, ensure_ascii=False, separators=(",", ":"))) <= 256 * 1024
            logged = logged and call.in_llm_log and not call.lost
            read = call.in_gateway_log and has_bodies(call) and 0 < len(body.encode()) <= 8192
            read = read and not (call.plain and side == "Completion")
            state = row[f"{side}State"]
            assert state == "whole" or not (logged or read), (call.id, side, row)
            if state == "whole" and row[f"{side}Source"] == "llm log":
                assert json.loads(row[side]) == said, call.id
            elif state == "whole":
                assert row[side] == body, call.id
    assert rows["apart"]["PromptState"] == rows["apart"]["CompletionState"] == "whole"
    assert rows["apart-cut"]["CompletionState"] == "chunk missing"
    assert rows["chunk-2-lost"]["PromptState"] == "chunk missing"
    assert rows["last-lost"]["CompletionState"] == "cut"
    assert rows["messages-262145"]["PromptState"] == "cut"
    assert rows["nothing"]["PromptState"] == "none"


def test_a_conversation_is_put_together_message_by_message(database: Database) -> None:
    names = ("messages-262144", "choices", "tools", "apart")
    for call in (BY_ID[name] for name in names):
        rows = database.ask(render("conversation", call=call.id))

        said = [*call.messages, *call.replies]
        texts = [
            row["Text"] if message["content"] else json.loads(row["Text"])
            for row, message in zip(rows, said, strict=True)
        ]
        assert texts == [message["content"] or message for message in said]
        assert [row["Role"] for row in rows] == [message["role"] for message in said]
        assert {row["State"] for row in rows} == {"whole"}


def test_newest_calls_of_one_moment_are_not_mixed() -> None:
    calls = [Call(id=f"{n}", prompt=f"{n}", answers=(f"{n}",)) for n in range(40)]

    for seed in range(4):
        rows = workspace(calls, seed=seed).ask(load("conversation"))

        assert [row["Text"] for row in rows] == ["be kind", "0", "0"]
        assert {row["CorrelationId"] for row in rows} == {"0"}


def test_what_was_not_captured_has_its_reason(database: Database) -> None:
    text = load("not-captured").replace("| take 1000", "")
    why = {row["CorrelationId"]: row["Why"] for row in database.ask(text)}

    for call in CALLS:
        if call.succeeded and call.in_gateway_log and has_bodies(call):
            reasons = why.get(call.id, "")
            assert ("request body cut" in reasons) == (len(call.request_body.encode()) > 8192)
            cut = not call.plain and len(call.response_body.encode()) > 8192
            assert ("response body cut" in reasons) == cut
        elif call.succeeded and call.in_gateway_log:
            assert "no bodies" in why[call.id]
        else:
            assert (call.id in why) == call.succeeded, call.id
        logless = "no row in the LLM log" in why.get(call.id, "")
        assert logless == (call.in_llm_log and call.lost == {0, 1, 2}), call.id
    assert not {"prompt-1", "embeddings-7"} & why.keys()
    assert "stream without usage" in why["without-usage-True"]
    assert "a chunk of the LLM log is missing" in why["chunk-2-lost"]
    assert "text in the LLM log is cut" in why["last-lost"]
    assert "no row in the gateway log" in why["llm-only"]


def test_order_and_duplicates_of_rows_change_nothing(database: Database) -> None:
    name = "tokens-by-caller-ip"

    assert workspace(CALLS, seed=2).ask(load(name)) == database.ask(load(name))
