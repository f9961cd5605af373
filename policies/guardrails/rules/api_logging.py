"""Every call to a model is logged, whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules import apis, effective, policy_text
from rules.ancestry import belongs
from rules.finding import Finding, Quoted, expect
from rules.parameters import Config, Parameter
from rules.resource import GENERIC, UNKNOWN, Resource, whole_number
from rules.stack import Stack

API_DIAGNOSTICS = "Microsoft.ApiManagement/service/apis/diagnostics"
LOGGER = "azuremonitor"
"""The diagnostic that sends to Azure Monitor.

https://learn.microsoft.com/azure/api-management/monitor-api-management
"""
PARTS = tuple(
    f"{side}.{half}" for side in ("frontend", "backend") for half in ("request", "response")
)
REQUESTS, RESPONSES = PARTS[0::2], PARTS[1::2]
WHOLE = 100

CAPTURE = Parameter(
    "capture",
    "full",
    "metadata accepts diagnostics that log no prompts and completions",
    {"enum": ["full", "metadata"]},
)
BODY_BYTES = Parameter(
    "bodyBytes",
    8192,
    "Least bytes that are logged of each body that has to be logged",
    {"minimum": 0, "maximum": 8192},
)
RESPONSE_BODIES = Parameter(
    "responseBodies",
    "none",
    "all demands the bodies of responses in the gateway log too, which may hold streams back",
    {"enum": ["none", "all"]},
)
DEFAULT_MESSAGE = 32_768
"""Bytes of a message that are logged if the diagnostic does not say.

https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
"""
MESSAGE_BYTES = Parameter(
    "messageBytes",
    DEFAULT_MESSAGE,
    "Least bytes that the LLM log keeps of the prompt, and of the completion, of a call",
    {"minimum": 1, "maximum": 2_097_152},
)
OR_METADATA = "; or set capture to metadata in the pack's configuration"
LLM_FIX = (
    "enable largeLanguageModel; the ApiDiagnostic of azure-native itself lacks it: "
    "`pulumi package add azure-native apimanagement 2024-06-01-preview` gives one that has it"
)
"""https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs"""


def has_own_diagnostic(stack: Stack, config: Config) -> Iterator[Finding]:
    """Without a diagnostic of its own, an API logs what the whole gateway logs: no bodies.

    https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
    """
    for api, sure in apis.of_models(stack, config):
        states = [
            belongs(stack, diagnostic, api)
            for diagnostic in stack.of_type(API_DIAGNOSTICS)
            if _is_azure_monitors(diagnostic)
        ]
        if True not in states:
            yield Finding(
                resource=api,
                path=f"diagnostics/{LOGGER}",
                found=UNKNOWN if None in states or not sure else None,
                wanted="a diagnostic of the API's own",
                fix=f"declare an ApiDiagnostic with diagnosticId {LOGGER} for this API",
            )


def logs_every_call(stack: Stack, config: Config) -> Iterator[Finding]:
    """A sample accounts for nothing, and a body cut short proves nothing.

    https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
    """
    for diagnostic, sure in _diagnostics(stack, config):
        yield from apis.certain(_logs_whole(diagnostic, config), sure=sure)


def _logs_whole(diagnostic: Resource, config: Config) -> Iterator[Finding]:
    yield from expect(
        diagnostic,
        "sampling.percentage",
        lambda found: found == WHOLE,
        wanted=str(WHOLE),
        fix="set sampling to {samplingType: fixed, percentage: 100}",
    )
    if CAPTURE.read(config) == "full":
        asked = PARTS if RESPONSE_BODIES.read(config) == "all" else REQUESTS
        yield from _bodies(diagnostic, BODY_BYTES.read(config), asked)
        yield from _messages(diagnostic, MESSAGE_BYTES.read(config))


def lets_streams_through(stack: Stack, config: Config) -> Iterator[Finding]:
    """A gateway that logs an answer's body, or buffers it, keeps the caller waiting for its end.

    https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
    """
    if RESPONSE_BODIES.read(config) == "all":
        return
    for diagnostic, sure in _diagnostics(stack, config):
        yield from apis.certain(_no_response_bodies(diagnostic), sure=sure)
    patterns = apis.EXEMPT.read(config)
    for policy in stack.of_type(effective.OF_APIS):
        known = apis.names_model(stack, policy) and policy.get("value") is not UNKNOWN
        if known and not apis.is_exempt(policy, patterns):
            yield from _unbuffered(stack, policy)


def _no_response_bodies(diagnostic: Resource) -> Iterator[Finding]:
    for part in RESPONSES:
        yield from expect(
            diagnostic,
            f"{part}.body.bytes",
            lambda found: not found,
            wanted="0",
            fix="log no bodies of responses, as the LLM log has the answers; or set responseBodies "
            "to all in the pack's configuration",
        )


def _unbuffered(stack: Stack, policy: Resource) -> Iterator[Finding]:
    """Each forward-request that a call may meet says so, and there is one, whichever the product.

    https://learn.microsoft.com/azure/api-management/forward-request-policy
    """
    of_apis = [
        way
        for api in stack.of_type(apis.APIS)
        for way in effective.of_api(stack, api, "backend")
        if policy in way.chain
    ]
    for way in of_apis or [effective.of_policy(stack, policy, "backend")]:
        found = _held_back(way)
        if found is not None:
            yield Finding(
                resource=policy,
                path="value",
                found=found,
                wanted='forward-request buffer-response="false" in the backend section',
                fix="put it there instead of <base />, so that streamed answers pass as they come",
            )
            return


def _held_back(way: effective.Effective) -> object:
    """What buffers answers, UNKNOWN if something may; None if nothing does."""
    steps = policy_text.within(way.steps)
    found = [step.attribute("buffer-response") for step in steps if step.tag == "forward-request"]
    wrong = next((said for said in found if said != "false"), None)
    if wrong is not None:
        return Quoted(f'buffer-response="{wrong}"' if wrong else "forward-request without it")
    if way.unknown:
        return UNKNOWN
    return None if found else Quoted("no forward-request")


def _diagnostics(stack: Stack, config: Config) -> Iterator[tuple[Resource, bool]]:
    """The Azure Monitor diagnostics of APIs, in the stack or existing, that front a model.

    With each: whether it is certain that its gateway does.
    """
    patterns = apis.EXEMPT.read(config)
    exempt = [api for api in stack.of_type(apis.APIS) if apis.is_exempt(api, patterns)]
    for diagnostic in stack.of_type(API_DIAGNOSTICS):
        if not _is_azure_monitors(diagnostic) or apis.is_exempt(diagnostic, patterns):
            continue
        state = apis.fronts_model(stack, diagnostic)
        if state is not False and not any(belongs(stack, diagnostic, api) for api in exempt):
            yield diagnostic, state is True


def _is_azure_monitors(diagnostic: Resource) -> bool:
    """Whether it is, or its name being unknown may be, the one for Azure Monitor."""
    key = "resourceName" if diagnostic.token == GENERIC else "diagnosticId"
    return diagnostic.value(key) in {LOGGER, UNKNOWN}


def _bodies(diagnostic: Resource, least: int, asked: Sequence[str]) -> Iterator[Finding]:
    """One finding for the bodies that are cut too short, one for those that are not known."""
    found = {part: diagnostic.get(f"{part}.body.bytes") for part in asked}
    unknown = [part for part, size in found.items() if size is UNKNOWN]
    short = [
        part for part, size in found.items() if part not in unknown and whole_number(size) < least
    ]
    for parts in (short, unknown):
        if parts:
            yield Finding(
                resource=diagnostic,
                path=", ".join(diagnostic.path(f"{part}.body.bytes") for part in parts),
                found=UNKNOWN if parts is unknown else [found[part] for part in parts],
                wanted=f"at least {least} each",
                fix=f"set body.bytes to {least} or more (8192 at most) in each{OR_METADATA}",
            )


def _messages(diagnostic: Resource, least: int) -> Iterator[Finding]:
    enabled = str(diagnostic.get("largeLanguageModel.logs")).lower() == "enabled"
    if not enabled:
        yield from _says(diagnostic, "largeLanguageModel.logs", "enabled", LLM_FIX)
        return
    for half in ("requests", "responses"):
        path = f"largeLanguageModel.{half}"
        fix = f"set it, beside maxSizeInBytes{OR_METADATA}"
        yield from _says(diagnostic, f"{path}.messages", "all", fix)
        yield from expect(
            diagnostic,
            f"{path}.maxSizeInBytes",
            lambda found: (DEFAULT_MESSAGE if found is None else whole_number(found)) >= least,
            wanted=f"at least {least}",
            fix=f"set it to {least} or more{OR_METADATA}, or set messageBytes there",
        )


def _says(diagnostic: Resource, path: str, value: str, fix: str) -> Iterator[Finding]:
    yield from expect(
        diagnostic,
        path,
        lambda found: str(found).lower() == value,
        wanted=f'"{value}"',
        fix=fix,
    )
