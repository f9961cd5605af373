"""Every rule: its name, what it wants, where it applies, its level and its parameters."""

from __future__ import annotations

import re
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ResourceValidationPolicy,
    StackValidationPolicy,
)

from rules import (
    accounts,
    api_logging,
    apis,
    credentials,
    diagnostic_settings,
    effective,
    identities,
    masking,
    models,
    places,
    policy_secrets,
    protection,
    retention,
    subscriptions,
)
from rules.engine import (
    Asked,
    ResourceRule,
    StackRule,
    validate_resource,
    validate_stack,
)
from rules.parameters import Parameter, schema

ADVISORY, MANDATORY = EnforcementLevel.ADVISORY, EnforcementLevel.MANDATORY
_asked = Asked()
SEEING = "inputs-seen"
"""The rule that refuses nothing, and sees what the rules for a whole stack need."""


def _heading(
    name: str,
    wants: str,
    rule: Any,
    parameters: tuple[Parameter[Any], ...],
    level: EnforcementLevel,
) -> dict[str, Any]:
    source = re.search(r"https://\S+", rule.__doc__ or "")
    return {
        "name": name,
        "description": wants,
        "enforcement_level": level,
        "config_schema": schema(parameters),
        "url": source.group() if source else None,
    }


def _each(
    name: str,
    wants: str,
    rule: ResourceRule,
    *arm_types: str,
    parameters: tuple[Parameter[Any], ...] = (),
    level: EnforcementLevel = MANDATORY,
) -> Policy:
    """A rule for each resource of those Azure types."""
    return ResourceValidationPolicy(
        validate=validate_resource(rule, arm_types, _asked),
        **_heading(name, wants, rule, parameters, level),
    )


def _stack(
    name: str,
    wants: str,
    rule: StackRule,
    *,
    parameters: tuple[Parameter[Any], ...] = (),
    level: EnforcementLevel = MANDATORY,
) -> Policy:
    """A rule for what the resources of a stack are to each other."""
    return StackValidationPolicy(
        validate=validate_stack(rule, _asked),
        **_heading(name, wants, rule, parameters, level),
    )


POLICIES: list[Policy] = [
    _each(
        SEEING,
        "Refuses nothing: it sees what was asked for, by which the rules for a whole stack judge.",
        lambda _resource, _config: iter(()),
        level=ADVISORY,
    ),
    _each(
        "account-without-keys",
        "Accounts take Microsoft Entra tokens only, no keys.",
        accounts.without_keys,
        accounts.ACCOUNTS,
    ),
    _each(
        "account-custom-subdomain",
        "Accounts have a custom subdomain, without which they take no tokens.",
        accounts.custom_subdomain,
        accounts.ACCOUNTS,
    ),
    _each(
        "account-public-network",
        "Accounts are not open to every network.",
        accounts.no_public_network,
        accounts.ACCOUNTS,
        level=ADVISORY,
    ),
    _stack(
        "diagnostic-settings",
        "Accounts and gateways send all logs and metrics to a workspace.",
        diagnostic_settings.everything_to_a_workspace,
    ),
    _stack(
        "gateway-tables",
        "Gateway logs go to resource-specific tables.",
        diagnostic_settings.dedicated_tables,
    ),
    _stack(
        "api-diagnostic",
        "APIs of a gateway that fronts a model have a diagnostic of their own.",
        api_logging.has_own_diagnostic,
        parameters=(apis.EXEMPT,),
    ),
    _stack(
        "api-logging",
        "APIs of a gateway that fronts a model log every call, with prompts and completions.",
        api_logging.logs_every_call,
        parameters=(
            api_logging.CAPTURE,
            api_logging.BODY_BYTES,
            api_logging.RESPONSE_BODIES,
            api_logging.MESSAGE_BYTES,
            apis.EXEMPT,
        ),
    ),
    _stack(
        "streams-pass",
        "APIs that front a model pass streamed answers on as they come.",
        api_logging.lets_streams_through,
        parameters=(api_logging.RESPONSE_BODIES, apis.EXEMPT),
    ),
    _stack(
        "secrets-masked",
        "Keys and tokens are masked in what a gateway logs.",
        masking.secrets_masked,
        parameters=(masking.HEADERS, masking.QUERY),
    ),
    _each(
        "gateway-identity",
        "Gateways have an identity.",
        identities.gateway_has_identity,
        identities.SERVICES,
    ),
    _stack(
        "narrow-roles",
        "Roles on an account are from a list, and given at its own scope only.",
        identities.narrow_roles,
        parameters=(identities.ROLES,),
    ),
    _each(
        "subscription-required",
        "APIs and products are called with a subscription only.",
        subscriptions.required,
        apis.APIS,
        subscriptions.PRODUCTS,
    ),
    _stack(
        "policy-deletes-credentials",
        "Calls to a model carry neither the caller's key nor their authorization.",
        credentials.deleted,
        parameters=(credentials.HEADERS, credentials.QUERY, apis.EXEMPT),
    ),
    _each(
        "policy-without-secrets",
        "Policies, fragments, backends and named values hold no secret that can be read.",
        policy_secrets.hold_no_secret,
        *policy_secrets.HOLDERS,
        apis.BACKENDS,
        effective.NAMED_VALUES,
    ),
    _each(
        "retention",
        "Logs are kept for a number of days within bounds.",
        retention.within_bounds,
        retention.WORKSPACES,
        retention.TABLES,
        parameters=(retention.LEAST, retention.MOST),
    ),
    _each(
        "tags",
        "Resources are tagged.",
        places.tags_present,
        *places.PLACED,
        parameters=(places.TAGS,),
    ),
    _each(
        "locations",
        "Resources are in an allowed region.",
        places.location_allowed,
        *places.PLACED,
        parameters=(places.LOCATIONS,),
    ),
    _each(
        "model-retirement",
        "Models are neither retired nor about to be.",
        models.not_retiring,
        models.DEPLOYMENTS,
        parameters=(models.WITHIN, models.TODAY),
    ),
    _each(
        "model-open",
        "Models are still to be had by a subscription that never deployed them.",
        models.open_to_newcomers,
        models.DEPLOYMENTS,
        parameters=(models.BEFORE, models.TODAY),
        level=ADVISORY,
    ),
    _each(
        "model-known",
        "Models are in the table of retirements.",
        models.known,
        models.DEPLOYMENTS,
        level=ADVISORY,
    ),
    _stack(
        "model-table",
        "The table of retirements has been read lately.",
        models.table_fresh,
        parameters=(models.STALE, models.TODAY),
        level=ADVISORY,
    ),
    _each(
        "capacity",
        "Deployments stay below the ceiling of capacity.",
        models.capacity,
        models.DEPLOYMENTS,
        parameters=(models.MOST,),
    ),
    _each(
        "protected",
        "Nothing that holds state is unprotected in production.",
        protection.protected,
        *protection.STATEFUL,
        parameters=(protection.STACKS,),
    ),
]
