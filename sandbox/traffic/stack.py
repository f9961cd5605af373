"""Find what traffic needs of the cloud: the gateway's address, its callers, the models."""

from dataclasses import dataclass

from sandbox.cloud import Cloud, Resource
from sandbox.stack import SessionError

_SERVICE = "Microsoft.ApiManagement/service"


@dataclass(frozen=True)
class Stack:
    """The deployed API, its consumers' keys by name, and the account's deployments."""

    account: Resource
    url: str
    key_header: str
    operations: frozenset[str]
    keys: dict[str, str]
    chat: list[Resource]
    embeddings: list[Resource]


def find(cloud: Cloud) -> Stack:
    """Find the deployed stack; a SessionError says what is missing of it."""
    for account in cloud.of_type("Microsoft.CognitiveServices/accounts"):
        host = f"//{account.properties.get('customSubDomainName')}."
        for policy in cloud.of_type(f"{_SERVICE}/apis/policies"):
            api = cloud.get(policy.id.rsplit("/policies/", 1)[0])
            service = cloud.get(policy.id.rsplit("/apis/", 1)[0])
            if api and service and host in str(policy.properties.get("value")):
                return _stack(cloud, account, service, api)
    raise SessionError(
        f"no stack is deployed in {cloud.folder}: first run "
        f"`python -m sandbox run --dir {cloud.folder} -- pulumi up`"
    )


def _stack(cloud: Cloud, account: Resource, service: Resource, api: Resource) -> Stack:
    models = sorted((r for r in cloud.below(account.id) if "model" in r.properties), key=_name)
    vectors = [one for one in models if "embedding" in model(one)]
    chat = [one for one in models if one not in vectors]
    below = [one for one in cloud.below(service.id) if "/products/" in one.id.lower()]
    links = [one for one in below if str(one.properties.get("apiId")).endswith(f"/{api.name}")]
    links += [one for one in below if one.id.lower().endswith(f"/apis/{api.name}".lower())]
    products = {link.id.lower().rsplit("/", 2)[0] for link in links}
    keys = {
        one.name: cloud.subscription_key(one, "primary")
        for one in sorted(cloud.of_type(f"{_SERVICE}/subscriptions"), key=_name)
        if str(one.properties.get("scope")).lower() in products
        and one.properties.get("state") == "active"
        and one.properties.get("displayName")  # Azure's own of a product has none
    }
    for found, what in ((chat, "deployment of a chat model"), (keys, "active consumer")):
        if not found:
            raise SessionError(f"the stack has no {what}: add one to its configuration")
    names = api.properties.get("subscriptionKeyParameterNames") or {}
    return Stack(
        account=account,
        url=f"https://{service.name}.azure-api.net/{api.properties['path']}",
        key_header=names.get("header") or "Ocp-Apim-Subscription-Key",
        operations=frozenset(map(_name, cloud.below(f"{api.id}/operations"))),
        keys=keys,
        chat=chat,
        embeddings=vectors,
    )


def _name(resource: Resource) -> str:
    return resource.name


def model(deployment: Resource) -> str:
    """Return the name of a deployment's model, e.g. `gpt-5.1`."""
    return str(deployment.properties["model"]["name"])


def limit(deployment: Resource) -> int | None:
    """Return the tokens a minute; None for provisioned throughput, which has no such limit."""
    sku = deployment.body.get("sku") or {}
    return None if "Provisioned" in str(sku.get("name")) else int(sku.get("capacity") or 0) * 1000


def grant(cloud: Cloud, account: Resource, person: str) -> None:
    """Give a person a role of their own on the account, in memory only."""
    kind, user = "Microsoft.Authorization/roleAssignments", "a97b65f3-24c7-4388-baec-2e87135dc908"
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{user}"
    properties = {"principalId": person, "roleDefinitionId": role}
    where = f"{account.id}/providers/{kind}/{person}"
    cloud.put(Resource(where, kind, person, {"properties": properties}, created=0.0))
