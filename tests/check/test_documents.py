"""A changed policy, or document in JSON, is told by the values at which it parts."""

from __future__ import annotations

import pytest

from queries.check.proofs.base import Verdict
from tests.check.states import declared
from tests.check.test_drift import GROUP, SERVICE, judged

POLICY = """<policies>
  <inbound>
    <base />
    <!-- a comment -->
    <set-header name="a" exists-action="delete"/>
    <set-header name="b"><value>@(context.Variables["x"])</value></set-header>
    <set-backend-service base-url="https://oai-abc.openai.azure.com/openai" />
  </inbound>
</policies>"""
CHANGED = {
    ('exists-action="delete"', 'exists-action="skip"'): (
        "exists-action of set-header a in the ApiPolicy policy is skip, declared delete"
    ),
    ("oai-abc", "oai-other"): (
        "base-url of set-backend-service in the ApiPolicy policy is "
        "https://oai-other.openai.azure.com/openai, "
        "declared https://oai-abc.openai.azure.com/openai"
    ),
    ('["x"]', '["y"]'): (
        'the text of value in the ApiPolicy policy is @(context.Variables["y"]), '
        'declared @(context.Variables["x"])'
    ),
    ('<set-header name="a" exists-action="delete"/>', ""): (
        "set-header a in the ApiPolicy policy is missing, "
        'declared <set-header name="a" exists-action="delete">'
    ),
    ("<base />", "<base /><trace />"): "trace in the ApiPolicy policy is <trace>, declared missing",
    ("<base />", "<trace />"): "base in the ApiPolicy policy is <trace>, declared <base>",
    ("</inbound>", "</inbound><outbound />"): "outbound in the ApiPolicy policy is <outbound>",
    ("</inbound>", '</inbound><outbound><choose><trace id="z" /></choose></outbound>'): (
        "outbound (trace z) in the ApiPolicy policy is <outbound>, declared missing"
    ),
    ('name="b"', 'name="c"'): "name of set-header in the ApiPolicy policy is c, declared b",
    ('name="b"', f'name="b" key="{"5f" * 16}"'): (
        "key of set-header b in the ApiPolicy policy is ***, declared missing"
    ),
}


@pytest.mark.parametrize("end", ["\n", "\r\n\t"], ids=["as sent", "as Azure writes it"])
@pytest.mark.parametrize(("change", "said"), CHANGED.items())
def test_a_changed_policy_is_told_by_its_statement(
    change: tuple[str, str], said: str, end: str
) -> None:
    at = f"{SERVICE}/apis/a/policies/policy"
    resource = declared(at, "apimanagement:ApiPolicy", {"value": POLICY, "format": "rawxml"})

    def with_policy(text: str) -> Verdict:
        value = text.replace("\n", end)
        return judged(resource, **{at: {"id": at, "properties": {"value": value, "format": "xml"}}})

    assert with_policy(POLICY.replace("/>", " />")).status == "seen"
    assert POLICY.count(change[0]) == 1
    found = with_policy(POLICY.replace(*change))
    assert (found.status, said in found.detail) == ("failed", True), found.detail


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("| where a", "| where b"), "is KQL | where b, declared KQL | where a"),
        (('"n": 1', '"n": 2'), "at items[1].n is 2, declared 1"),
        ((', {"n": 1}', ""), 'at items[1] is missing, declared {"n": 1}'),
        (('{"items"', '{"x": true, "items"'), "at x is true, declared missing"),
    ],
)
def test_a_changed_document_is_told_by_its_part(change: tuple[str, str], said: str) -> None:
    at = f"{GROUP}/providers/Microsoft.Insights/workbooks/w"
    before = '{"items": [{"query": "KQL | where a"}, {"n": 1}]}'
    book = declared(at, "applicationinsights:Workbook", {"serializedData": before})
    now = {"serializedData": before.replace(*change).replace(": ", ":")}
    found = judged(book, **{at: {"id": at, "properties": now}})
    assert "serializedData of the Workbook w at " in found.detail
    assert (found.status, said in found.detail) == ("failed", True), found.detail
