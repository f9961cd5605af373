"""Every policy: its name, what it wants, which kinds it judges, its level and its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ResourceValidationPolicy,
    StackValidationPolicy,
)

from pack import (
    api_logging,
    api_policy,
    connected,
    content_filters,
    diagnostic_settings,
    key_vault,
    known_resources,
    models,
    ownership,
    plans,
    private_network,
    shapes,
    ways,
    wholes,
)
from pack.engine import ResourceJudge, StackJudge, validate_resource, validate_stack
from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config, Parameter, schema
from pack.resource import Resource

ADVISORY, MANDATORY = EnforcementLevel.ADVISORY, EnforcementLevel.MANDATORY
Shapes = Mapping[Kind, shapes.Shape | Callable[[Resource, Config], shapes.Shape]]
"""What each kind of resource may hold, whatever its parameters or by them."""


def _heading(
    name: str, wants: str, judge: Callable[..., Any], parameters: Sequence[Parameter[Any]]
) -> dict[str, Any]:
    source = re.search(r"https://\S+", judge.__doc__ or "")
    return {
        "name": name,
        "description": wants,
        "config_schema": schema(parameters),
        "url": source.group() if source else None,
    }


def _each(
    name: str,
    wants: str,
    judge: ResourceJudge,
    *kinds: Kind,
    parameters: Sequence[Parameter[Any]] = (),
    level: EnforcementLevel = MANDATORY,
) -> Policy:
    """Make a policy for each resource of those kinds, or of all."""
    heading = _heading(name, wants, judge, parameters)
    validate = validate_resource(judge, kinds)
    return ResourceValidationPolicy(validate=validate, enforcement_level=level, **heading)


def _whole(name: str, wants: str, source: str, of: Shapes, *parameters: Parameter[Any]) -> Policy:
    """Make a policy for each resource of those kinds: it holds what its shape allows, no more."""
    also = shapes.also_free(*of)

    def judge(found: Resource, config: Config) -> Iterator[Finding]:
        shape = of[Kind(found.kind)]
        whole = shape(found, config) if callable(shape) else shape
        return shapes.judge(found, whole, also.read(config))

    judge.__doc__ = f"https://learn.microsoft.com/azure/{source}"
    return _each(name, wants, judge, *of, parameters=(*parameters, also))


def _stack(name: str, wants: str, judge: StackJudge, *parameters: Parameter[Any]) -> Policy:
    """Make a policy for what the resources of a stack are to each other."""
    heading = _heading(name, wants, judge, parameters)
    validate = validate_stack(judge)
    return StackValidationPolicy(validate=validate, enforcement_level=MANDATORY, **heading)


POLICIES: list[Policy] = [
    _each(
        "known-resources",
        "There is nothing in the stack of which the pack does not know what it does.",
        known_resources.known,
        parameters=(known_resources.TYPES,),
    ),
    _whole(
        "account",
        "The account takes Entra tokens only; its deployments stay below a ceiling; no batches.",
        "ai-services/disable-local-auth",
        {Kind.ACCOUNT: wholes.ACCOUNT, Kind.DEPLOYMENT: wholes.deployment},
        wholes.CAPACITY,
    ),
    _stack(
        "content-filters",
        "Deployments stop what Azure's own filter stops, or more, in prompts and answers.",
        content_filters.none_weaker,
        content_filters.ALSO,
    ),
    _each(
        "account-public-network",
        "The account is not open to every network.",
        ownership.no_public_network,
        Kind.ACCOUNT,
        level=ADVISORY,
    ),
    _whole(
        "private-endpoints",
        "Each private endpoint leads to an account or a gateway, with no more than its names.",
        "private-link/private-endpoint-overview",
        {
            Kind.ENDPOINT: private_network.ENDPOINT,
            Kind.ENDPOINT_NAMES: private_network.ENDPOINT_NAMES,
        },
    ),
    _stack(
        "private-network",
        "With private endpoints or network rules, each account is closed to everybody else.",
        private_network.closed,
    ),
    _whole(
        "gateway",
        "The gateway has an identity, takes new TLS only, and logs to Azure Monitor.",
        "api-management/api-management-howto-use-managed-service-identity",
        {Kind.SERVICE: wholes.service, Kind.LOGGER: wholes.LOGGER},
    ),
    _whole(
        "backends",
        "Each backend leads to an account over https, with no credentials, or is a pool of such.",
        "api-management/backends",
        {Kind.BACKEND: wholes.backend},
    ),
    _whole(
        "api",
        "The API is called over https, untraced, by a subscription to its product or a token.",
        "api-management/api-management-subscriptions",
        {
            Kind.API: wholes.api,
            Kind.PRODUCT: wholes.PRODUCT,
            Kind.PRODUCT_LINK: wholes.PRODUCT_LINK,
            Kind.SUBSCRIPTION: wholes.SUBSCRIPTION,
        },
        wholes.TOKENS,
    ),
    _each(
        "api-policy",
        "The API's policy has the statements that the pack knows, and no other.",
        api_policy.statements_known,
        Kind.API_POLICY,
        parameters=(
            *(api_policy.STATEMENTS, api_policy.STREAM_USAGE),
            *(api_policy.STORED_RESPONSES, plans.LIMITED),
        ),
    ),
    _whole(
        "api-logging",
        "The API logs every call, with prompts and completions, callers and no secrets.",
        "api-management/diagnostic-logs-reference",
        {Kind.API_DIAGNOSTIC: api_logging.diagnostic},
        api_logging.CAPTURE,
        api_logging.BODY_BYTES,
        api_logging.RESPONSE_BODIES,
        api_logging.LLM_LOGGING,
        api_logging.MESSAGE_BYTES,
    ),
    _whole(
        "roles",
        "Roles are those by which a gateway calls the account, at the account's own scope.",
        "role-based-access-control/best-practices",
        {Kind.ASSIGNMENT: wholes.assignment},
        wholes.ROLES,
    ),
    _whole(
        "workspace",
        "The workspace takes every row, and keeps it for a number of days within bounds.",
        "azure-monitor/logs/data-retention-configure",
        {Kind.WORKSPACE: wholes.workspace},
        wholes.LEAST_DAYS,
        wholes.MOST_DAYS,
        wholes.CAP,
    ),
    _stack(
        "diagnostic-settings",
        "Account and gateway send all logs and metrics to the workspace, and nowhere else.",
        diagnostic_settings.everything_to_a_workspace,
        diagnostic_settings.ALSO,
    ),
    _whole(
        "key-vault",
        "The vault of consumers' keys is ruled by roles, and keeps what is deleted for 90 days.",
        "key-vault/general/secure-key-vault",
        {Kind.VAULT: key_vault.vault},
        key_vault.NETWORK,
    ),
    _stack(
        "connected",
        "No part is left out, and each is made from the stack's own account, gateway and product.",
        connected.connected,
        connected.PRINCIPALS,
        ways.ACCOUNTS,
    ),
    _each(
        "tags",
        "Resources are tagged.",
        ownership.tags_present,
        *ownership.PLACED,
        parameters=(ownership.TAGS,),
    ),
    _each(
        "locations",
        "Resources are in an allowed region.",
        ownership.location_allowed,
        *ownership.PLACED,
        parameters=(ownership.LOCATIONS,),
    ),
    _each(
        "model-retirement",
        "Models are neither retired nor about to be.",
        models.not_retiring,
        Kind.DEPLOYMENT,
        parameters=(models.WITHIN, models.TODAY),
    ),
    _each(
        "model-open",
        "Models are still to be had by a subscription that never deployed them.",
        models.open_to_newcomers,
        Kind.DEPLOYMENT,
        parameters=(models.BEFORE, models.TODAY),
        level=ADVISORY,
    ),
    _each(
        "model-known",
        "Models are in the table of retirements, and that has been read lately.",
        models.known,
        Kind.DEPLOYMENT,
        parameters=(models.STALE, models.TODAY),
        level=ADVISORY,
    ),
    _each(
        "protected",
        "Nothing that holds state is unprotected in production.",
        ownership.protected,
        *ownership.STATEFUL,
        parameters=(ownership.STACKS,),
    ),
]
