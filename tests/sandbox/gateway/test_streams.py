"""Streams pass as they come, or wait where Azure has them wait; policies read what is whole."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.openai_api.policy import ACCOUNTING_HEADER, render
from sandbox.errors import NotModelledError
from sandbox.gateway import BUFFER, expressions
from sandbox.http import Headers, Response
from tests.sandbox.gateway.conftest import COMPLETION, SERVICE, Azure, diagnostic
from tests.sandbox.seen import held, reply

PER_API = "/apis/miyagi-api/diagnostics/azuremonitor"
OWN = render(
    audience="https://cognitiveservices.azure.com",
    backend_url="https://oai-x.openai.azure.com/openai",
    timeout=600,
)
BODY = "context.Response.Body.As<JObject>(preserveContent: true)"
EVENT = b"data: {}\n\n"


def deploy(
    azure: Azure, *, policy: str = OWN, response_bytes: int = 0, request_bytes: int = 8192
) -> None:
    """The stack's own policy and logging, or what somebody made of them."""
    azure.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": policy})
    request, response = {"body": {"bytes": request_bytes}}, {"body": {"bytes": response_bytes}}
    listed = response | {"headers": [ACCOUNTING_HEADER]}
    sides = {
        "frontend": {"request": request, "response": listed},
        "backend": {"request": request, "response": response},
    }
    azure.put(PER_API, diagnostic(**sides))


def events(azure: Azure, count: int = 3, size: int = len(EVENT)) -> list[int]:
    """Answer by events; the list grows as the gateway takes them from the account."""
    taken = list[int]()

    def parts() -> Iterator[bytes]:
        for number in range(count):
            taken.append(number)
            yield EVENT.ljust(size)

    headers = Headers([("Content-Type", "text/event-stream")])
    azure.answer = lambda _: Response(200, headers, parts())
    return taken


def test_each_part_of_a_stream_is_passed_on_at_once(azure: Azure) -> None:
    deploy(azure)
    taken = events(azure)
    body: Any = azure.call(read=False).body
    assert next(body) == EVENT
    assert taken == [0]
    assert len(list(body)) == 2
    assert ACCOUNTING_HEADER not in str(azure.logged()[0]["ResponseHeaders"])


@pytest.mark.parametrize("read", [1, 3])
def test_a_caller_that_hangs_up_half_way_is_logged_so(azure: Azure, read: int) -> None:
    deploy(azure)
    events(azure)
    body: Any = azure.call(read=False).body
    for _ in range(read):
        next(body)
    if read == 3:
        assert list(body) == []
    body.close()

    row = azure.logged()[0]
    assert (row["ResponseCode"], row["ResponseSize"]) == (200, read * len(EVENT))
    assert row["IsRequestSuccess"] == (read == 3)
    assert row.get("LastErrorReason", "") == ("" if read == 3 else "ClientConnectionFailure")


def test_a_stream_whose_body_is_logged_waits_until_it_is_whole(azure: Azure) -> None:
    deploy(azure, response_bytes=1)
    taken = events(azure)
    assert azure.call(read=False).body == EVENT * 3
    assert taken == [0, 1, 2]


@pytest.mark.parametrize("request_bytes", [0, 8192])
def test_a_logged_request_holds_a_stream_back_where_the_sandbox_is_asked_to(
    azure: Azure, request_bytes: int
) -> None:
    azure.held_back = "any"
    deploy(azure, request_bytes=request_bytes)
    taken = events(azure)
    body: Any = azure.call(read=False).body
    if request_bytes:
        assert (body, taken) == (EVENT * 3, [0, 1, 2])
    else:
        assert (next(body), taken) == (EVENT, [0])
        assert list(body)


def test_without_its_own_word_a_stream_waits_for_eight_kilobytes(azure: Azure) -> None:
    start, _, rest = OWN.partition("<forward-request")
    deploy(azure, policy=f"{start}<base />{rest.partition('/>')[2]}")
    taken = events(azure, count=20, size=1024)
    body: Any = azure.call(read=False).body
    assert len(next(body)) == BUFFER
    assert len(taken) == BUFFER // 1024
    assert [len(part) for part in body] == [BUFFER, 4 * 1024]


def told(azure: Azure, answer: Any, status: int = 200) -> str:
    """The header of an answer, which the caller and the log see alike."""
    azure.answer = lambda _: Response.json(status, answer)
    header = azure.call().headers.get(ACCOUNTING_HEADER)
    logged = azure.logged()[-1]
    assert logged["ResponseHeaders"].get(ACCOUNTING_HEADER, "") == header
    assert reply(azure.call()) == answer
    return str(header)


def test_an_answer_in_one_piece_is_told_in_a_header_without_its_text(azure: Azure) -> None:
    deploy(azure)
    header = told(azure, COMPLETION)
    assert header.startswith("{model:gpt-4o-mini-2024-07-18,usage:{prompt_tokens:9,")
    assert "total_tokens:12}" in header
    assert "hello" not in header
    assert "embedding" not in told(azure, {"data": [{"embedding": [0.5]}], "usage": {"a": 1}})


def test_a_refusal_is_told_by_its_code_and_what_stopped_it(azure: Azure) -> None:
    deploy(azure)
    verdict = {"hate": {"filtered": True, "severity": "high"}}
    why = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": verdict}
    error = {"code": "content_filter", "message": "no: é", "innererror": why}
    header = told(azure, {"error": error}, 400)
    assert "code:content_filter" in header
    assert "prompt_filter:{hate:{filtered:true,severity:high}}" in header
    choice = {"finish_reason": "content_filter", "content_filter_results": verdict}
    header = told(azure, {"usage": {}, "choices": [{"finish_reason": "stop"}, choice]})
    assert "finish_reason:[stop,content_filter]" in header
    assert "answer_filter:[{hate:{filtered:true,severity:high}}]" in header


def test_a_response_in_the_background_is_told_by_its_id(azure: Azure) -> None:
    deploy(azure)
    kept = {"id": "resp_1", "model": "m", "usage": None}
    assert told(azure, kept | {"background": True}).endswith(",background:resp_1}")
    assert told(azure, kept | {"background": False}).endswith(",background:null}")


def test_a_long_header_is_cut_to_what_accounting_needs(azure: Azure) -> None:
    deploy(azure)
    choice = {"finish_reason": "content_filter", "content_filter_results": {"why": "x" * 100}}
    answer = {"model": "m", "usage": {"total_tokens": 3}, "choices": [choice] * 30}
    assert "answer_filter:[{why:xx" in told(azure, answer)
    answer["choices"] = [choice] * 128
    least = "{model:m,usage:{total_tokens:3},code:null,background:null}"
    assert told(azure, answer) == least
    assert told(azure, {"model": "m" * 5000, "usage": {"total_tokens": 3}}) == ""


VECTORS = "/openai/deployments/vectors/embeddings"
ANSWERS = {
    '{"data":[{"embedding":[0.5]}],"model":"m","usage":{"prompt_tokens":3}}': True,
    '{\n "data": [],\n "model": "m",\n "usage": {"prompt_tokens": 3}\n}\n': True,
    '{"model":"m","data":[1],"usage":{"prompt_tokens":3}}': False,
    '{"usage":{"prompt_tokens":3},"data":[],"model":"m"}': False,
    '{"data":["model"],"usage":{"prompt_tokens":3,"more":{"a":1}},"model":"m"}': False,
    '{"error":{"message":"no \\"model\\"","code":"m"}}': False,
}


@pytest.mark.parametrize(("body", "short"), ANSWERS.items())
def test_of_embeddings_the_end_is_parsed_alone_wherever_it_stands(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, body: str, short: bool
) -> None:
    deploy(azure)
    azure.operation("Embeddings_Create", "POST", "/deployments/{deployment-id}/embeddings")
    parsed = list[Any]()
    parse = expressions._METHODS["JObject.Parse"]

    def remember(call: Any, target: Any, text: str) -> Any:
        parsed.append(text)
        return parse(call, target, text)

    monkeypatch.setitem(expressions._METHODS, "JObject.Parse", remember)
    headers = Headers([("Content-Type", "application/json")])
    azure.answer = lambda _: Response(200, headers, body.encode())
    header = azure.call(VECTORS).headers.get(ACCOUNTING_HEADER)

    assert "prompt_tokens:3" in header or "code:m" in header
    assert "model:m" in header or "code:m" in header
    assert [len(text) < len(body) for text in parsed] == [short]


V2 = render(
    audience="https://cognitiveservices.azure.com",
    backend_url="https://oai-x.openai.azure.com/openai",
    timeout=600,
    tier="StandardV2",
)
LONG = 2 * 1024 * 1024


@pytest.mark.parametrize("size", [1_000, LONG + 1])
@pytest.mark.parametrize("tier", ["Standard", "StandardV2"])
def test_a_tier_that_cannot_hold_a_body_passes_it_untouched(
    azure: Azure, tier: str, size: int
) -> None:
    held(azure.cloud, SERVICE).body["sku"] = {"name": tier}
    deploy(azure, policy=V2 if tier == "StandardV2" else OWN)
    azure.operation("V1_Responses_Create", "POST", "/v1/responses")
    read = size <= LONG or tier == "Standard"
    length = {"Content-Type": "application/json", "Content-Length": str(size)}
    raw = b'{"stream":true,"messages":"%b"}' % (b"x" * (size - 30))

    answer = {"usage": {"total_tokens": 3}, "text": "x" * size}
    azure.answer = lambda _: Response.json(200, answer)
    response = azure.call(raw=raw, headers=length)
    assert reply(response) == answer
    assert (azure.sent[-1].body == raw) != read
    assert bool(response.headers.get(ACCOUNTING_HEADER)) == read

    raw = b'{"input":"%b"}' % (b"x" * size)
    response = azure.call("/openai/v1/responses", raw=raw, headers=length)
    assert response.status == (200 if read else 403)
    assert read or "more than 2 MB" in str(reply(response))


def test_a_body_that_a_tier_cannot_hold_ends_the_call_of_a_policy_that_reads_it(
    azure: Azure,
) -> None:
    held(azure.cloud, SERVICE).body["sku"] = {"name": "BasicV2"}
    deploy(azure)
    azure.answer = lambda _: Response.json(200, {"usage": {}, "text": "x" * LONG})
    assert azure.call().status == 500


@pytest.mark.parametrize("body", [b"{", b"[1]", b"", b'{"data": []}'])
def test_what_tells_no_usage_leaves_no_header_and_no_error(azure: Azure, body: bytes) -> None:
    deploy(azure)
    headers = Headers([("Content-Type", "application/json; charset=utf-8")])
    azure.answer = lambda _: Response(200, headers, body)
    response = azure.call()
    assert (response.status, response.body) == (200, body)
    assert ACCOUNTING_HEADER not in response.headers


def outbound(azure: Azure, value: str) -> Response:
    """The answer through a policy that sets a header to this value."""
    header = f'<set-header name="x"><value>{value}</value></set-header>'
    text = f"<policies><outbound>{header}</outbound></policies>"
    azure.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": text})
    azure.answer = lambda _: Response.json(200, [1])
    return azure.call()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('@(context.Response.Headers.GetValueOrDefault("no", "a\\"b"))', 'a"b'),
        ('@{ var x = "a)"; if (!(x == "b") && x != null) { return x; } return ""; }', "a)"),
        ('@{ if (1 == 2 || null == "x") return "a"; else { return "b"; } }', "b"),
        (f'@{{ try {{ var x = {BODY}; return null; }} catch {{ return "b"; }} }}', "b"),
        ('@("a" + "b" == "ab" ? 1 + 2 == 4 ? "a" : "b" : "c")', "b"),
        ('@{ try { return "ab".Substring(3); } catch { return "ab".Substring(1, 1); } }', "b"),
        ('@(JToken.DeepEquals(new JValue(1), new JValue(true)) ? "a" : "b")', "b"),
        ('@(Regex.Match("xaby", "a(b)").Groups[1].Index == 2 ? "b" : "a")', "b"),
        ('@(JObject.Parse("{\\"a\\":null}")["a"] == null ? "a" : "b")', "b"),
        ('@(JObject.Parse("{}")["a"] == null ? "b" : "a")', "b"),
    ],
)
def test_expressions_mean_what_they_mean_in_c_sharp(
    azure: Azure, expression: str, value: str
) -> None:
    assert outbound(azure, expression).headers.get("x") == value


@pytest.mark.parametrize(
    "expression",
    [
        "@(context.RequestId)",
        '@("a" + 1)',
        "@(1 < 2)",
        '@("ab".IndexOf("b") == 1 ? "a" : "b")',
        '@("ab"["b"])',
        '@(Regex.Match("a", "(?=a)").Value)',
        '@(Regex.Replace("a", "(a)", "$1"))',
        '@(JToken.DeepEquals(JObject.Parse("{}"), JObject.Parse("{}")) ? "a" : "b")',
        '@($"{1}")',
        '@{ foreach (var x in "a") { return x; } }',
        '@{ var x = "a"; }',
        "@(context.Response.Body.As<JArray>(preserveContent: true))",
        "@(context.Response.Body.As<JObject>().ToString())",
        '@(Regex.Replace("a", "(?<n>a)", "b"))',
        '@(new JObject().SelectToken("$..a"))',
        '@(new StringBuilder("a"))',
    ],
)
def test_what_is_not_known_of_c_sharp_is_an_error(azure: Azure, expression: str) -> None:
    with pytest.raises(NotModelledError):
        outbound(azure, expression)


def test_a_condition_is_a_truth_value_and_the_first_that_holds_counts(azure: Azure) -> None:
    header = '<set-header name="x"><value>{}</value></set-header>'
    when = '<when condition="@({})">{}</when>'
    choose = when.format("1 == 2", header.format("a")) + when.format(
        "!(1 == 2)", header.format("b")
    )
    choose += f"<otherwise>{header.format('c')}</otherwise>"
    text = f"<policies><outbound><choose>{choose}</choose></outbound></policies>"
    azure.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": text})
    assert azure.call().headers.get("x") == "b"
    text = text.replace("@(1 == 2)", "false")
    azure.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": text})
    with pytest.raises(NotModelledError, match="condition"):
        azure.call()


def test_an_exception_that_nothing_catches_ends_the_call(azure: Azure) -> None:
    assert outbound(azure, f"@({BODY}.ToString())").status == 500
    row = azure.logged()[-1]
    assert row["LastErrorReason"] == "ExpressionValueEvaluationFailure"
    assert "JObject" in row["LastErrorMessage"]
