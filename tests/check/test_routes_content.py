"""Policies around the stack's own that send what calls say elsewhere."""

from __future__ import annotations

import pytest

from tests.check.arm import GATEWAY
from tests.check.ways import AROUND, around, verdict

BODY = "context.Request.Body.As<string>(preserveContent: true)"
ANSWER = "context.Response.Body.As<JObject>(true)"
SENDS = {
    "hub": "<log-to-eventhub logger-id='hub'>{}</log-to-eventhub>",
    "one way": "<send-one-way-request mode='new'><set-url>https://a.example</set-url>"
    "<set-body>{}</set-body></send-one-way-request>",
    "request": "<send-request><set-url>https://a.example</set-url><set-body>{}</set-body>"
    "</send-request>",
    "header": "<send-request><set-url>https://a.example</set-url><set-header name='x'>"
    "<value>{}</value></set-header></send-request>",
    "publish": "<publish-to-dapr topic='t'>{}</publish-to-dapr>",
    "binding": "<invoke-dapr-binding name='b'><data>{}</data></invoke-dapr-binding>",
    "bus": "<send-service-bus-message queue-name='q'><payload>{}</payload>"
    "</send-service-bus-message>",
    "trace": "<trace source='s'><message>{}</message></trace>",
    "metric": "<emit-metric name='m'><dimension name='d' value=\"{}\" /></emit-metric>",
    "tokens": "<llm-emit-token-metric><dimension name='d' value=\"{}\" /></llm-emit-token-metric>",
    "cache": "<cache-store-value key='k' value=\"{}\" duration='1' />",
}
"""Statements that send a text of their own to another service."""
TELLS = {
    f"@({BODY})": "failed",
    f"@( {ANSWER}.ToString() )": "failed",
    "@(context.Response.Body.As<byte[]>(true))": "failed",
    "{{copy}}": "failed",
    f'@("x" + {BODY})': "unjudged",
    f"@{{ var b = {BODY}; return b; }}": "unjudged",
    f'@({ANSWER}["usage"].ToString())': "unjudged",
    f'@($"{{{BODY}}}")': "unjudged",
    f'@(@"\\" + {BODY})': "unjudged",
    "@(context.Request.B\\u006fdy.As<string>(true))": "unjudged",
    "@(JsonConvert.SerializeObject(context.Request))": "unjudged",
    "@{ var c = context; return c.ToString(); }": "unjudged",
    '@((string)context.Variables["kept"])': "unjudged",
    '@(context.Variables.GetValueOrDefault<string>("round", "kept"))': "unjudged",
    '@(context.Variables.GetValueOrDefault<string>("kept" + "", ""))': "unjudged",
    "@(context.Variables.Count)": "unjudged",
    "{{lost}}": "unjudged",
    '@({{secret}} + "x")': "unjudged",
    '@(context.Request.Headers.GetValueOrDefault("api-key", ""))': "unjudged",
    '@(context.Request.Headers["Authorization"].First())': "unjudged",
    '@(context.Request.Headers.GetValueOrDefault("Ocp-Apim-Subscription-Key"))': "unjudged",
    '@(context.Request.Url.Query.GetValueOrDefault("subscription-key", ""))': "unjudged",
    '@(context.Request.Headers.GetValueOrDefault("api" + "-key", ""))': "unjudged",
    '@(context.Request.Headers.GetValueOrDefault("api\\x2dkey", ""))': "unjudged",
    '@(string.Join(";", context.Request.Headers.Select(h => h.Value[0])))': "unjudged",
    '@(context.Response.Headers.GetValueOrDefault("x", "") + context.Request.Headers)': "unjudged",
    "@(context.Subscription.PrimaryKey)": "unjudged",
    "@(context.Subscription.Key)": "unjudged",
    "@(context.Subscription.Key == context.Subscription.PrimaryKey + Part ? 1 : 2)": "unjudged",
    '@(context.Subscription.Key == context.Subscription.PrimaryKey ? "a" : "b")': "seen",
    '@((string)context.Variables["token"])': "unjudged",
    '@((string)context.Variables["copied key"])': "unjudged",
    '@(context.Request.Headers.ContainsKey("api-key").ToString())': "seen",
    '@(context.Request.Headers.GetValueOrDefault("X-Team", "none"))': "seen",
    '@(context.Request.Headers.GetValueOrDefault("Authorization", "").AsJwt()?.Subject)': "seen",
    '@(string.Join(";", context.Response.Headers.Keys))': "seen",
    "plain, of a Body": "seen",
    "key {{secret}}": "seen",
    '@("a Body")': "seen",
    '@(context.Subscription.Name + "{{secret}}")': "seen",
    "@(context.Request.Headers.GetValueOrDefault('x', ''))": "seen",
    "@(context.RequestId + context.Response.StatusCode)": "seen",
    '@(context.Variables.GetValueOrDefault<string>("plain", ""))': "seen",
    '@(context.Variables.GetValueOrDefault<string>("of nobody", ""))': "seen",
}
"""What they may send."""


@pytest.mark.parametrize("way", SENDS)
@pytest.mark.parametrize("text", TELLS)
def test_what_calls_say_is_not_sent_elsewhere(way: str, text: str) -> None:
    kept = (
        f"<set-variable name='kept' value=\"@({BODY})\" />"
        "<set-variable name='plain' value='@(context.Timestamp)' />"
        "<set-variable name='round' value='@((string)context.Variables[\"round\"])' />"
        "<set-variable name='round' value='@(context.Variables[\"kept\"])' />"
        "<set-variable name='copied key' "
        "value='@(context.Request.Headers.GetValueOrDefault(\"api-key\"))' />"
        "<get-authorization-context provider-id='x' context-variable-name='token' />"
    )
    for place in AROUND:
        made = around(place, kept + SENDS[way].format(text))
        made.resources[f"{GATEWAY}/namedValues/copy"] = {
            "properties": {"displayName": "copy", "value": f"@({BODY})"}
        }
        assert verdict(made) == TELLS[text], place


def test_a_template_may_send_anything() -> None:
    body = "<set-body template='liquid'>{{body.messages}}</set-body>"
    send = (
        f"<send-one-way-request><set-url>https://a.example</set-url>{body}</send-one-way-request>"
    )
    assert verdict(around("product", send)) == "unjudged"
