"""What Azure changes by itself."""

from collections.abc import Iterator
from dataclasses import replace

from sandbox.arm import cognitive
from sandbox.arm.base import ACCOUNT, SERVICE, region
from sandbox.changes.change import Change, live
from sandbox.cloud import Cloud, Resource

UPGRADE = "https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai-auto"
BY_HAND = "https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai"
RETIREMENTS = "https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements"
VERSIONS = "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-versions"
NEXT_VERSION = "2027-01-15"
"""A version that does not exist yet: the models' next ones are not known."""
SUCCESSORS = ("gpt-5.6-sol", "gpt-5.6-terra")
"""What Azure puts in the place of a model that retires: the schedule of 2026-10-05."""


def _kind_upgraded(cloud: Cloud) -> Iterator[Resource]:
    """Give each account the kind, `allowProjectManagement` and endpoints of a Foundry resource.

    Name, identity, keys, the endpoint of Azure OpenAI, network and deployments stay.
    """
    for account in live(cloud, ACCOUNT):
        if account.body.get("kind") == "OpenAI":
            account.body["kind"] = "AIServices"
            account.properties["allowProjectManagement"] = True
            account.properties.pop("foundryAutoUpgrade", None)
            cognitive.add_endpoints(account.properties)
            yield account


def _upgrade_scheduled(cloud: Cloud) -> Iterator[Resource]:
    """Add the block that a selected account shows in API versions from 2026-01-15-preview on."""
    for account in live(cloud, ACCOUNT):
        if account.body.get("kind") == "OpenAI":
            account.properties["foundryAutoUpgrade"] = {
                "mode": "Enabled",
                "plannedByMicrosoft": True,
                "scheduledAt": "2027-01-15T00:00:00Z",
                "statusReason": "Scheduled",
            }
            yield account


def _version_moved(cloud: Cloud) -> Iterator[Resource]:
    """Change the version of each deployment's model; its other properties stay."""
    for deployment in live(cloud, f"{ACCOUNT}/deployments"):
        deployment.properties["model"] = deployment.properties["model"] | {"version": NEXT_VERSION}
        yield deployment


def _model_replaced(cloud: Cloud) -> Iterator[Resource]:
    """Retire each chat model: its deployments get another, and it takes no new deployments.

    Provisioned deployments are left to their owners.
    """
    for deployment in live(cloud, f"{ACCOUNT}/deployments"):
        model, sku = deployment.properties["model"], str(deployment.body["sku"]["name"])
        if "Provisioned" in sku or str(model["name"]).startswith("text-embedding"):
            continue
        account = cloud.get(deployment.id.rsplit("/", 2)[0])
        cognitive.retire(cloud, region(account and account.body.get("location")), model)
        name = next(one for one in SUCCESSORS if one != model["name"])
        version = next(iter(cognitive.versions(name)))
        deployment.properties["model"] = model | {"name": name, "version": version}
        yield deployment


def _logger_made(cloud: Cloud) -> Iterator[Resource]:
    """Create the logger `azuremonitor` of each service that has none."""
    for service in live(cloud, SERVICE):
        own = f"{service.id}/loggers/azuremonitor"
        if cloud.get(own) is None:
            body = {"properties": {"loggerType": "azureMonitor", "isBuffered": True}}
            made = Resource(own, f"{SERVICE}/loggers", "azuremonitor", body)
            cloud.put(made)
            yield made


def _default_subscription_made(cloud: Cloud) -> Iterator[Resource]:
    """Create one more subscription to each product, without a name, as a new product gets it."""
    for product in live(cloud, f"{SERVICE}/products"):
        name = cloud.derive(product.id, "made again", length=24)
        body = {"properties": {"scope": product.id, "state": "active", "displayName": None}}
        service = product.id.rsplit("/products/", 1)[0]
        made = Resource(f"{service}/subscriptions/{name}", f"{SERVICE}/subscriptions", name, body)
        cloud.put(made)
        yield made


def _default_subscription_removed(cloud: Cloud) -> Iterator[Resource]:
    """Delete the subscriptions without a name, which a product gets by itself."""
    for subscription in live(cloud, f"{SERVICE}/subscriptions"):
        if subscription.properties.get("displayName") is None:
            cloud.remove(subscription.id)
            yield subscription


def _keys_regenerated(cloud: Cloud) -> Iterator[Resource]:
    """Change both keys of each consumer's subscription, and nothing else."""
    for subscription in live(cloud, f"{SERVICE}/subscriptions"):
        if subscription.properties.get("displayName") is not None:
            renewed = replace(subscription, incarnation=cloud.derive(subscription.incarnation))
            cloud.put(renewed)
            yield renewed


CHANGES = {
    "kind-upgraded": Change(
        about="an Azure OpenAI account becomes a Foundry resource: kind AIServices",
        by="Azure",
        dated="2026-08-19",
        sure="documented",
        sources=(UPGRADE, BY_HAND),
        apply=_kind_upgraded,
    ),
    "upgrade-scheduled": Change(
        about="an account is selected for that upgrade, and shows the day",
        by="Azure",
        dated="2026-08-19",
        sure="documented",
        sources=(UPGRADE,),
        apply=_upgrade_scheduled,
    ),
    "version-moved": Change(
        about="each deployment's model moves to a newer version",
        by="Azure",
        dated="2026-10-05",
        sure="documented",
        sources=(VERSIONS, RETIREMENTS),
        apply=_version_moved,
    ),
    "model-replaced": Change(
        about="each chat deployment's model retires, and another takes its place",
        by="Azure",
        dated="2026-10-05",
        sure="documented",
        sources=(RETIREMENTS,),
        apply=_model_replaced,
    ),
    "logger-made": Change(
        about="the azuremonitor logger of a service appears by itself",
        by="Azure",
        dated="2026-11-20",
        sure="seen in public code",
        sources=("https://github.com/Azure/terraform-ai-gateway-landing-zone",),
        apply=_logger_made,
    ),
    "default-subscription-made": Change(
        about="each product gets one more subscription without a name",
        by="Azure",
        dated="2026-11-20",
        sure="seen in public code",
        sources=("https://github.com/Azure/azure-service-operator/issues/3408",),
        apply=_default_subscription_made,
    ),
    "default-subscription-removed": Change(
        about="the subscription without a name that each product got is deleted",
        by="a colleague",
        dated="2026-11-20",
        sure="seen in public code",
        sources=("https://github.com/pulumi/pulumi-azure-native/issues/846",),
        apply=_default_subscription_removed,
    ),
    "keys-regenerated": Change(
        about="both keys of each consumer are regenerated",
        by="a colleague",
        dated="2024-05-01",
        sure="documented",
        sources=(
            "https://learn.microsoft.com/rest/api/apimanagement/subscription/regenerate-primary-key",
        ),
        apply=_keys_regenerated,
    ),
}
