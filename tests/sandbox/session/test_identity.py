"""Whoever is inside is logged in, by the standard chain of the SDK."""

from __future__ import annotations

import os

import httpx
import pytest
from azure.identity import DefaultAzureCredential

from sandbox.cloud import DEPLOYER_OBJECT_ID
from sandbox.identity import verify
from tests.sandbox.session.conftest import Endpoint


def test_default_credential_gets_the_deployers_token(endpoint: Endpoint) -> None:
    token = DefaultAzureCredential().get_token("https://cognitiveservices.azure.com/.default")
    claims = verify(endpoint.cloud, token.token)
    assert claims
    assert claims.object_id == DEPLOYER_OBJECT_ID
    assert claims.audience == "https://cognitiveservices.azure.com"


@pytest.mark.parametrize(
    ("secret", "query", "status"),
    [("wrong", "?resource=x", 401), ("", "?resource=x", 401), ("the-header", "", 400)],
)
def test_endpoint_refuses(endpoint: Endpoint, secret: str, query: str, status: int) -> None:
    url = os.environ["IDENTITY_ENDPOINT"] + query
    answer = httpx.get(url, headers={"X-IDENTITY-HEADER": secret})
    assert answer.status_code == status
    assert "access_token" not in answer.text
