"""Responses made in the background: their tokens come when they are read, and count once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from queries.library import render
from tests.queries.database import NOW, Database, gateway

NOON = NOW - timedelta(hours=3)
URL = "https://gateway/openai/v1/responses"
USAGE = "{input_tokens:7,output_tokens:5,total_tokens:12}"
BETWEEN = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=1)}


def header(usage: str, answer: str) -> dict[str, str]:
    said = f"{{model:gpt,usage:{usage},finish_reason:[],code:null,background:{answer}}}"
    return {"x-gateway-accounting": said}


def made(database: Database, answer: str, *, reads: int, **more: Any) -> None:
    """One response, and some reads of it, of which the last ones have its usage."""
    gateway(
        database, f"made-{answer}", TimeGenerated=NOON, Url=URL, ApimSubscriptionId="team-a",
        RequestBody='{"model":"deep","background":true}',
        ResponseHeaders=header("null", answer), **more,
    )  # fmt: skip
    for number in range(reads):
        usage = "null" if number == 0 else USAGE
        gateway(
            database, f"read-{answer}-{number}", Method="GET", Url=f"{URL}/{answer}",
            TimeGenerated=NOON + timedelta(minutes=1 + number), ApimSubscriptionId="team-b",
            ResponseHeaders=header(usage, answer),
        )  # fmt: skip


def test_a_response_that_is_read_twice_counts_once() -> None:
    database = Database()
    made(database, "resp_1", reads=3)

    (row,) = database.ask(render("tokens-by-consumer", **BETWEEN))

    assert (row["Consumer"], row["Deployment"], row["Calls"]) == ("team-a", "deep", 1)
    assert (row["TotalTokens"], row["TokenSource"]) == (12, "response header")


def test_a_response_that_nobody_has_read_is_unknown() -> None:
    database = Database()
    made(database, "resp_1", reads=0)
    made(database, "resp_2", reads=1)

    rows = database.ask(render("tokens-unknown", **BETWEEN))

    assert {row["CorrelationId"] for row in rows} == {"resp_1", "resp_2"}
    assert {row["Why"] for row in rows} == {"made in the background, and not read since"}
    assert {(row["UnknownCalls"], row["UnansweredCalls"]) for row in rows} == {(2, 0)}


def test_other_reads_are_no_calls_of_their_own() -> None:
    database = Database()
    told = {"x-gateway-accounting": f"{{model:gpt,usage:{USAGE},background:null}}"}
    gateway(database, "kept", Method="GET", Url=f"{URL}/resp_9", TimeGenerated=NOON,
            ResponseHeaders=told)  # fmt: skip

    assert database.ask(render("tokens-by-consumer", **BETWEEN)) == []
