"""Mistakes in access: the gateway's to the account, the consumer's to the gateway."""

from __future__ import annotations

import uuid

from harness.sabotage.mistake import Mistake, consumer, deleted, edited, the_only
from harness.sabotage.site import API, LINK, PRODUCT, ROLE, Site
from sandbox.arm.base import ACCOUNT, SERVICE
from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTION_ID
from sandbox.rbac import COLLEAGUE

READER = (
    f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/"
    "acdd72a7-3385-48ef-bd42-f606fba81ae7"
)


def _other_role(site: Site) -> None:
    old = site.the(ROLE)
    site.delete(old)
    site.again(old, _sibling(old.id), roleDefinitionId=READER)


def _role_elsewhere(site: Site) -> None:
    old, other = site.the(ROLE), site.second(ACCOUNT, customSubDomainName="oai-other")
    site.delete(old)
    site.again(old, f"{other.id}/providers/{ROLE}/{uuid.uuid4()}")


def _other_consumer_suspended(site: Site) -> None:
    other = site.consumer.id.rpartition("/")[0] + "/team-b"
    site.again(site.consumer, other, state="suspended", displayName="Team B")
    site.save_outputs(lambda outputs: outputs["proof"]["consumers"].append("team-b"))


def _role_of_another(site: Site) -> None:
    old = site.the(ROLE)
    site.delete(old)
    changed = {"principalId": DEPLOYER_OBJECT_ID, "principalType": "User"}
    site.again(old, _sibling(old.id), **changed)


def _colleague(site: Site) -> None:
    """Give a colleague the gateway's role too, to try a model without a key."""
    old = site.the(ROLE)
    site.again(old, _sibling(old.id), principalId=COLLEAGUE, principalType="User")


def _sibling(assignment_id: str) -> str:
    return assignment_id.rpartition("/")[0] + f"/{uuid.uuid4()}"


def _no_identity(site: Site) -> None:
    site.edit(site.the(SERVICE), lambda body: body.update(identity={"type": "None"}))


def _consumer_made_again(site: Site) -> None:
    old = site.consumer
    site.delete(old)
    site.put(old.id, old.body)


def _foreign_key(site: Site) -> None:
    site.export("GATEWAY_SUBSCRIPTION_KEY", "0123456789abcdef0123456789abcdef")


def _no_key_required(site: Site) -> None:
    site.edit(site.the(API), lambda body: body["properties"].update(subscriptionRequired=False))


def _move_consumer(site: Site) -> None:
    product = site.the(PRODUCT)
    other = site.again(product, f"{product.id}-other", displayName="Other")
    site.edit(site.consumer, lambda body: body["properties"].update(scope=other.id))


MISTAKES = (
    Mistake(
        "role removed",
        "Someone tidies up the account's role assignments.",
        deleted(the_only(ROLE)),
        1,
        (
            "role of the gateway's identity on the account is missing",
            "Cognitive Services OpenAI User",
        ),
    ),
    Mistake(
        "role of the wrong kind",
        "The assignment is made again by hand, as Reader: it reads the account, calls no model.",
        _other_role,
        1,
        ("role of the gateway's identity on the account is Reader",),
    ),
    Mistake(
        "role on another account",
        "The role is assigned on the account of another team.",
        _role_elsewhere,
        1,
        ("role of the gateway's identity on the account is missing",),
    ),
    Mistake(
        "role of another principal",
        "The person who deploys assigns the role to themselves, not to the gateway.",
        _role_of_another,
        1,
        ("role of the gateway's identity on the account is missing",),
    ),
    Mistake(
        "role of a colleague beside",
        "A colleague gets the same role on the account, to try a model without a key.",
        _colleague,
        1,
        ("may call the account around the gateway is the user", "Cognitive Services OpenAI User"),
    ),
    Mistake(
        "gateway without identity",
        "The system-assigned identity is switched off in API Management > Managed identities.",
        _no_identity,
        1,
        ("system-assigned identity is missing",),
    ),
    Mistake(
        "account closed to the public network",
        "Azure OpenAI > Networking is set to Disabled, without a private endpoint.",
        edited(the_only(ACCOUNT), "publicNetworkAccess", "Disabled"),
        1,
        ("publicNetworkAccess of the Account openai-account is Disabled",),
    ),
    Mistake(
        "consumer suspended",
        "The consumer's subscription is suspended in API Management > Subscriptions.",
        edited(consumer, "state", "suspended"),
        1,
        ("the consumer aoai-test is suspended",),
    ),
    Mistake(
        "another consumer suspended",
        "The subscription of another consumer than the one that the check calls as is suspended.",
        _other_consumer_suspended,
        1,
        ("the consumer team-b is suspended",),
    ),
    Mistake(
        "keys of the account switched on",
        "Local authentication is switched on again, for a tool that calls around the gateway.",
        edited(the_only(ACCOUNT), "disableLocalAuth", False),
        1,
        ("disableLocalAuth of the account is false",),
    ),
    Mistake(
        "consumer deleted",
        "The consumer's subscription is deleted in API Management > Subscriptions.",
        deleted(consumer),
        1,
        ("the consumer aoai-test is missing",),
    ),
    Mistake(
        "consumer made again",
        "The subscription is deleted and made again by hand: its keys are new, the outputs old.",
        _consumer_made_again,
        1,
        (
            "refuses the key",
            "pulumi up reads the keys again",
        ),
    ),
    Mistake(
        "key of another environment",
        "GATEWAY_SUBSCRIPTION_KEY is still set to the key of another environment.",
        _foreign_key,
        1,
        ("GATEWAY_SUBSCRIPTION_KEY",),
    ),
    Mistake(
        "consumer moved to another product",
        "The subscription's scope is changed to a product that lacks the API.",
        _move_consumer,
        1,
        ("OpenAi-other",),
    ),
    Mistake(
        "product unpublished",
        "The product is set to Not published.",
        edited(the_only(PRODUCT), "state", "notPublished"),
        1,
        ("state of the Product openai-api-product is notPublished",),
    ),
    Mistake(
        "API taken out of the product",
        "The API is removed from the product's list of APIs.",
        deleted(the_only(LINK)),
        1,
        ("ProductApiLink openai-api-product-link is missing", "OpenAi/apiLinks/miyagi-api"),
    ),
    Mistake(
        "no key asked for",
        "Subscription required is unticked in the API's settings, to try something quickly.",
        _no_key_required,
        1,
        ("subscriptionRequired of the Api openai-api is false",),
    ),
    Mistake(
        "header of the key renamed",
        "The API is made again by hand, with the default header Ocp-Apim-Subscription-Key.",
        edited(the_only(API), "subscriptionKeyParameterNames.header", "Ocp-Apim-Subscription-Key"),
        1,
        ("subscriptionKeyParameterNames.header of the Api openai-api is Ocp-Apim",),
    ),
)
