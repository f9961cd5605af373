"""Ask the sandbox's Resource Manager in this process, as the check's own client does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from queries.check.configuration.manager import Manager
from sandbox.arm.endpoint import arm_endpoint
from sandbox.cloud import DEPLOYER_OBJECT_ID, Cloud
from sandbox.errors import ArmError
from sandbox.http import Headers, Request
from sandbox.identity import mint

ENDPOINT = "https://management.azure.com"
Spoil = Callable[[httpx.Request], httpx.Response | None]
"""Answers in Azure's place, or lets Azure answer."""


@dataclass(frozen=True)
class _Credential:
    cloud: Cloud

    def get_token(self, *_: str) -> _Token:
        return _Token(mint(self.cloud, ENDPOINT, DEPLOYER_OBJECT_ID)[0])


@dataclass(frozen=True)
class _Token:
    token: str


def manager(cloud: Cloud, spoil: Spoil = lambda _: None) -> Manager:
    """Return the check's client of Resource Manager, with this cloud behind it."""
    endpoint = arm_endpoint(cloud)

    def handle(request: httpx.Request) -> httpx.Response:
        if (spoilt := spoil(request)) is not None:
            return spoilt
        headers = Headers(request.headers.multi_items())
        asked = Request.to(request.method, str(request.url), headers, request.read())
        try:
            answer = endpoint(asked)
        except ArmError as error:
            told = {"error": {"code": error.code, "message": error.message}}
            return httpx.Response(error.status, content=json.dumps(told))
        except Exception as error:  # noqa: BLE001 - as the sandbox's network answers its faults
            return httpx.Response(500, text=f"the sandbox failed: {type(error).__name__}")
        return httpx.Response(answer.status, content=answer.body)

    return Manager(
        endpoint=ENDPOINT,
        client=lambda: httpx.Client(transport=httpx.MockTransport(handle)),
        credential=lambda: _Credential(cloud),
    )
