"""The endpoint of an account: from the host and path of a request to an answer and its log row."""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from sandbox import clock
from sandbox.cloud import Cloud, Resource
from sandbox.errors import NotModelledError
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.logs import Telemetry
from sandbox.model import access, content_filter, parameters, stored
from sandbox.model.account_logs import Call, report
from sandbox.model.answers import Answer, chat, count, embeddings, one, prompt_of, respond
from sandbox.model.parameters import RefusalError
from sandbox.model.service import Service
from sandbox.options import Options

ROUTE = re.compile(
    r"(POST|GET) /openai/(?:deployments/([^/]+)|v1)/(models(?=/)|[^/]+(?:/completions)?)/?([^/]*)"
)
OPERATIONS = {
    "POST chat/completions": ("ChatCompletions_Create", "chatCompletion"),
    "POST completions": ("Completions_Create", "completion"),
    "POST embeddings": ("Embeddings_Create", "embeddings"),
    "POST responses": ("Responses_Create", "responses"),
    "GET models": ("Models_List", "models"),
}
ACTIONS = {"responses": "responses/write", "models": "models/read"}
"""Data actions that do not concern a deployment, by path."""
VERSIONS = re.compile(
    r"2022-12-01|2023-05-15|2024-(02-01|06-01|10-21)|2024-(0[2-9]|1[02])-(01|15)-preview"
    r"|2025-0[1-4]-01-preview"
)
"""API versions of the classic routes.

https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
"""

LEAST_SECONDS = 0.002
"""Seconds that an answer takes at least where time is real: no model answers within a millisecond,
in which logs count."""
STREAM_SECONDS = 0.4
"""Seconds over which a streamed answer is spread where time is real: less than any model takes, and
enough for a caller to tell a stream from an answer in one piece."""


def model_endpoint(
    cloud: Cloud, options: Options, telemetry: Telemetry, service: Service | None = None
) -> Endpoint:
    """Every account's endpoint; a host without an account raises ConnectionError, as in DNS.

    Sure: inferred, as the header and the type of an answer are what clients see.
    """
    state = service or Service()

    def endpoint(request: Request) -> Response:
        call, wait = Call(request, _account(cloud, request.host)), 0
        try:
            answer = _serve(cloud, options, state, call)
        except RefusalError as no:
            call.stream, wait = False, no.retry_after
            stopped = no.body.get("error", {}).get("code") == "content_filter"
            answer = replace(one(no.body, status=no.status), stopped=stopped)
        kind = "text/event-stream" if call.stream else "application/json"
        headers = Headers([("Content-Type", kind), ("apim-request-id", call.id)])
        if wait:
            headers.add("retry-after", str(wait))
        parts = _sent(telemetry, state, call, answer)
        return Response(answer.status, headers, parts if call.stream else b"".join(parts))

    return endpoint


def _sent(telemetry: Telemetry, service: Service, call: Call, answer: Answer) -> Iterator[bytes]:
    """Yield the parts; report the call once the last is sent or the client has gone."""
    length = 0
    try:
        if answer.tokens[0]:
            clock.wait(LEAST_SECONDS)
        pauses = service.pauses(answer.tokens, len(answer.parts))
        for part, pause in zip(answer.parts, pauses, strict=True):
            clock.spend(pause)
            if call.stream:
                clock.wait(STREAM_SECONDS / len(answer.parts))
            call.answered = call.answered or clock.now()
            length += len(part)
            yield part
    finally:
        if call.operation:
            report(telemetry, call, answer, length)


def _account(cloud: Cloud, host: str) -> Resource:
    """The account of a custom subdomain; without one, no endpoint takes tokens.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
    """
    for account in cloud.of_type("Microsoft.CognitiveServices/accounts"):
        name = str(account.properties.get("customSubDomainName") or "")
        if name and name.lower() == host.lower().partition(".")[0]:
            return account
    raise ConnectionError(f"The remote name could not be resolved: '{host}'")


def _serve(cloud: Cloud, options: Options, service: Service, call: Call) -> Answer:
    """Classic routes need a dated version, /v1 takes none.

    https://github.com/pydantic/pydantic-ai/issues/5066 (versions of the two routes)
    """
    asked = f"{call.request.method} {unquote(call.request.path)}"
    if named := stored.ROUTE.fullmatch(asked):
        return _stored(cloud, options, service, call, named)
    route = ROUTE.fullmatch(asked)
    method, deployment, tail, item = route.groups() if route else ("", "", "", "")
    call.operation, kind = OPERATIONS.get(f"{method} {tail}", ("", ""))
    version = dict(call.request.query).get("api-version", "" if deployment else "v1")
    call.api_version = version
    call.object_id = access.caller(cloud, call.account, call.request)
    classic = kind not in ACTIONS and VERSIONS.fullmatch(version)
    if not kind or (item and kind != "models") or (deployment and not classic):
        raise RefusalError(404, "404", "Resource not found")
    _check_v1(deployment, version)
    action = ACTIONS.get(kind, f"deployments/{tail}/action")
    path = "deployments/{deployment-id}" if deployment else "v1"
    use = f"{method} /openai/{path}/{tail}"
    access.check_role(cloud, options, call.account, call.object_id, action, use)
    if kind == "models":
        return _models(cloud, call.account, item)
    return _infer(cloud, options, service, call, kind, deployment)


def _check_v1(deployment: str | None, version: str) -> None:
    """400 for a dated version of a call that names no deployment in its path.

    https://github.com/pydantic/pydantic-ai/issues/5066
    """
    if not deployment and version not in {"v1", "preview"}:
        message = "api-version query parameter is not allowed when using /v1 path"
        raise RefusalError(400, "BadRequest", message)


def _stored(
    cloud: Cloud, options: Options, service: Service, call: Call, named: re.Match[str]
) -> Answer:
    """A call that names a response reads, cancels or deletes it.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
    """
    method, name, cancels = named.groups()
    call.operation, action = stored.OPERATIONS.get((method, bool(cancels)), ("", ""))
    call.api_version = dict(call.request.query).get("api-version", "v1")
    call.object_id = access.caller(cloud, call.account, call.request)
    if not action:
        raise RefusalError(404, "404", "Resource not found")
    _check_v1(None, call.api_version)
    use = f"{method} /openai/v1/responses/{{response_id}}{cancels or ''}"
    access.check_role(cloud, options, call.account, call.object_id, action, use)
    return service.stored.serve(call.account.id, method, name)


def _infer(
    cloud: Cloud, options: Options, service: Service, call: Call, kind: str, deployment: str | None
) -> Answer:
    """A call names a deployment that exists.

    https://github.com/chatboxai/chatbox/issues/646 (unknown deployment)
    """
    body = parameters.parse(call.request.body)
    if not deployment:
        parameters.need(body, "model")
    call.deployment = deployment or str(body["model"])
    call.stream = bool(body.get("stream")) and kind != "embeddings"
    found = cloud.get(f"{call.account.id}/deployments/{call.deployment}")
    if found is None:
        message = "The API deployment for this resource does not exist. If you created the "
        message += "deployment within the last 5 minutes, please wait a moment and try again."
        raise RefusalError(404, "DeploymentNotFound", message)
    if deployment and found.properties["model"]["format"] != "OpenAI":
        raise NotModelledError("what a dated version answers of another publisher's model")
    call.model, call.version = (str(found.properties["model"][key]) for key in ("name", "version"))
    parameters.check(kind, call.model, body)
    asked = body.get("messages") or body.get("input")
    limits = ("max_completion_tokens", "max_tokens", "max_output_tokens")
    most = next((body[name] for name in limits if body.get(name)), 0)
    service.admit(found, call.operation, call.api_version, count(asked) + most)
    full = f"{call.model}-{call.version}"
    if kind == "embeddings":
        return embeddings(options.seed, call.model, body)
    rules = content_filter.of(cloud, found)
    content_filter.check_prompt(asked, rules)
    kept = service.cache.take(found.id, call.model, prompt_of(body))
    if kind == "responses":
        answer = respond(options.seed, full, body, rules, kept)
        return service.stored.take(call.account.id, body, answer)
    return chat(options.seed, full, body, rules, kept)


def _models(cloud: Cloud, account: Resource, wanted: str) -> Answer:
    """A GET lists the models deployed to the account, or shows one of them.

    Sure: inferred, as the words for an unknown model are those of OpenAI.
    """
    deployed = [r for r in cloud.below(account.id) if "model" in r.properties]
    names = {str(r.properties["model"]["name"]): int(r.created) for r in deployed}
    if wanted and wanted not in names:
        raise RefusalError(404, "404", "Resource not found")
    data = [{"id": name, "object": "model", "created": names[name]} for name in names]
    data = [{**model, "owned_by": "system"} for model in data if wanted in {"", model["id"]}]
    return one(data[0] if wanted else {"object": "list", "data": data})
