"""No consumer reads, continues, cancels or deletes what another has stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.http import Response
from tests.sandbox.gateway.conftest import CHAT, COMPLETION, Azure
from tests.sandbox.gateway.test_stream_usage import JSON
from tests.sandbox.gateway.test_streams import deploy
from tests.sandbox.seen import reply

RESPONSES = "/openai/v1/responses"
OTHERS = "resp_0123456789abcdef"
"""An id that another consumer was told, that somebody guessed, or that stands in a log."""


@pytest.fixture(autouse=True)
def _operations(azure: Azure) -> None:
    deploy(azure)
    one = "/v1/responses/{response-id}"
    azure.operation("V1_Responses_Get", "GET", one)
    azure.operation("V1_Responses_Delete", "DELETE", one)
    azure.operation("V1_Responses_Cancel", "POST", f"{one}/cancel")
    azure.operation("V1_Responses_ListInputItems", "GET", f"{one}/input_items")
    azure.answer = lambda _: Response.json(200, COMPLETION)


def refused(azure: Azure, response: Response, what: str) -> None:
    """One clear error, before the account gets anything; its row tells who tried."""
    error: Any = reply(response)["error"]
    assert (response.status, error["code"]) == (403, "StoredResponsesNotOffered")
    assert f"It refuses {what}. Send" in error["message"]
    assert azure.sent == []
    row = azure.logged()[-1]
    assert (row["ResponseCode"], row["ApimSubscriptionId"]) == (403, "aoai-test")
    assert "BackendResponseCode" not in row


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{RESPONSES}/{OTHERS}"),
        ("GET", f"{RESPONSES}/{OTHERS}?stream=true"),
        ("DELETE", f"{RESPONSES}/{OTHERS}"),
        ("POST", f"{RESPONSES}/{OTHERS}/cancel"),
        ("GET", f"{RESPONSES}/{OTHERS}/input_items"),
        ("GET", f"{RESPONSES.upper().replace('OPENAI', 'openai')}/{OTHERS}"),
        ("GET", f"{RESPONSES}/ /"),
    ],
)
def test_what_is_stored_is_out_of_reach(azure: Azure, method: str, path: str) -> None:
    refused(azure, azure.call(path, method=method, raw=b""), "this operation")


REFUSED = {
    f'{{"previous_response_id":"{OTHERS}"}}': "previous_response_id",
    f'{{"Previous_Response_ID":"{OTHERS}"}}': "a name in capital letters",
    '{"store":true,"STORE":false}': "a name in capital letters",
    '{"store":false,"STORE":true}': "a name in capital letters",
    '{"Input":[{"id":"msg_1"}]}': "a name in capital letters",
    f'{{"previous\\u005fresponse_id":"{OTHERS}"}}': "previous_response_id",
    f'{{"previous_response_id":"{OTHERS}","previous_response_id":null}}': (
        "previous_response_id twice"
    ),
    f'{{"previous_response_id":null,"previous\\u005fresponse_id":"{OTHERS}"}}': (
        "previous_response_id"
    ),
    f'{{"previous\\u005fresponse_id":"{OTHERS}","previous_response_id":null}}': (
        "a letter written as an escape"
    ),
    '{"conversation":"conv_1"}': "conversation",
    '{"conversation":{"id":"conv_1"}}': "conversation",
    '{"conversation":"conv_1","conversation":null}': "conversation twice",
    '{"store":true}': "store other than false",
    '{"store":null}': "store other than false",
    '{"STORE":true,"store":false,"Store":true}': "a name in capital letters",
    '{"background":true}': "background: true",
    '{"input":[{"type":"item_reference","id":"msg_1"}]}': "a reference to a stored item in input",
    '{"input":[{"id":"msg_1"}]}': "a reference to a stored item in input",
    '{"input":[{"role":null,"type":null,"id":"m"}]}': "a reference to a stored item in input",
    '{"input":[{"role":"user","content":"a"},{"id":"msg_1","x":1}]}': (
        "a reference to a stored item in input"
    ),
    '{"input":[{"role":"user","type":"item_reference","type":"message"}]}': (
        "a reference to a stored item in input"
    ),
    '{"tools":[{"type":"code_interpreter","container":"cntr_1"}]}': "the container of another call",
    '{"tools":[{"environment":{"type":"container_reference","container_id":"c"}}]}': (
        "the container of another call"
    ),
    "[1]": "a body that is no JSON object",
    '{"previous_response_id"': "a body that is no JSON object",
    '\ufeff{"store":true}': "a body that is no JSON object",
    '{"input":"\udcff"}': "a body that is no UTF-8",
}


@pytest.mark.parametrize(("body", "what"), REFUSED.items())
def test_no_body_leads_to_what_is_stored(azure: Azure, body: str, what: str) -> None:
    raw = body.encode(errors="surrogateescape")
    refused(azure, azure.call(RESPONSES, raw=raw, headers=JSON), what)


PASSED = [
    '{"model":"m","input":"a"}',
    '{"model":"m","input":"a","store":false,"background":false,"previous_response_id":null}',
    '{"input":"say \\"previous_response_id\\": \\"resp_1\\" and \\"item_reference\\""}',
    '{"input":[{"role":"user","content":"\\\\u0061 and \\u003cb\\u003e"}]}',
    '{"input":[{"id":"msg_1","type":"message","role":"assistant","content":"a"}]}',
    '{"input":[{"id":"rs_1","type":"reasoning","encrypted_content":"x","summary":[]}]}',
    '{"input":"a","metadata":{"conversation":"conv_1","previous_response_id":"resp_1"}}',
    '{"input":"a","tools":[{"parameters":{"properties":{"store":{},"conversation":{}}}}]}',
    '{"input":"a","tools":[{"type":"code_interpreter","container":{"type":"auto"}}]}',
    '{"input":"a","stream":true}',
    '{"input":[{"type":"code_interpreter_call","id":"ci_1","code":"1","container_id":"cntr_1"}]}',
]


@pytest.mark.parametrize("body", PASSED)
def test_what_carries_its_own_history_passes_and_is_not_stored(azure: Azure, body: str) -> None:
    """A body that does not say so gets `store: false`; every other byte is as it came."""
    assert azure.call(RESPONSES, raw=body.encode(), headers=JSON).status == 200
    kept = body if '"store":false' in body else f'{{"store":false,{body[1:]}'
    assert azure.sent[-1].body == kept.encode()
    assert json.loads(kept)["store"] is False


@pytest.mark.parametrize("store", ["", '"metadata":{"store":true,"Store":true},'])
def test_white_space_and_other_keys_hide_no_store(azure: Azure, store: str) -> None:
    body = f' \n{{ {store} "input" : "\u00e9 12345678901234567890.0" }}'
    assert azure.call(RESPONSES, raw=body.encode(), headers=JSON).status == 200
    assert azure.sent[-1].body.decode() == body.replace("{", '{"store":false,', 1)


def test_other_calls_pass_whatever_they_say(azure: Azure) -> None:
    body = {"messages": [], "store": True, "previous_response_id": OTHERS}
    path = CHAT.replace("text-turbo", "responses")
    assert azure.call(path, body=body, headers=JSON).status == 200
    assert json.loads(azure.sent[-1].body) == body


@pytest.mark.parametrize(
    ("method", "rest", "status"),
    [
        ("GET", f"v1/responses/{OTHERS}", 403),
        ("GET", f"responses/{OTHERS}", 403),
        ("POST", "v1/conversations", 403),
        ("GET", "v1/chat/completions", 403),
        ("GET", "v1/chat/completions/chatcmpl-1/messages", 403),
        ("GET", "v1/models", 200),
        ("POST", "deployments/responses/chat/completions", 200),
    ],
)
def test_a_document_of_one_operation_for_all_is_judged_by_the_path(
    azure: Azure, method: str, rest: str, status: int
) -> None:
    """The template has a `*`, as those of a document that takes whatever comes."""
    azure.operation("All", method, f"/{rest}?any={{*}}")
    assert azure.call(f"/openai/{rest}?any=1", method=method, raw=b"").status == status
