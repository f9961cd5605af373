"""Azure OpenAI accounts and their model deployments.

https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/accounts/create
https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/deployments/create-or-update
"""

import json
from datetime import UTC, date, datetime
from typing import Any

from sandbox.arm import content_filters
from sandbox.arm.base import DATA, Put, refuse, region
from sandbox.cloud import SUBSCRIPTION_ID, Cloud, Resource
from sandbox.errors import NotModelledError

MODELS = json.loads((DATA / "models.json").read_text())
"""What the models API answers on the day `as_of`; limits are in 1,000 tokens per minute."""
OPENAI = "OpenAI"
RETIREMENTS = "Microsoft.CognitiveServices/locations/models"
"""Type of the notes that a model has retired since that day."""


def has_auto_upgrade(api_version: str) -> bool:
    """Whether accounts of an API version have `foundryAutoUpgrade`.

    https://learn.microsoft.com/azure/templates/microsoft.cognitiveservices/2026-01-15-preview/accounts
    """
    return api_version >= "2026-01-15-preview" and api_version.endswith("-preview")


def account(put: Put) -> None:
    """A deleted account keeps its name for 48 hours: https://github.com/Azure/azure-cli/issues/18146."""
    kind, name = put.body.get("kind"), str(put.properties.get("customSubDomainName") or "")
    if kind not in ("OpenAI", "AIServices") or put.properties.pop("restore", False):
        raise NotModelledError(f"the sandbox models no account of kind {kind}, and no restoring")
    if (put.properties.get("networkAcls") or {}).get("virtualNetworkRules"):
        raise NotModelledError("the sandbox models no networks that an account's rules let in")
    if (put.body.get("sku") or {}).get("name") != "S0":
        raise refuse("InvalidSku", kind=kind)
    if not put.existing and any(r.id.lower() == put.id.text.lower() for r in put.kept()):
        raise refuse("FlagMustBeSetForRestore", id=put.id.text)
    _check_subdomain(put, name)
    _check_kind(put, str(kind))
    put.identify()
    regional = f"https://{put.body['location']}.api.cognitive.microsoft.com/"
    put.properties["endpoint"] = f"https://{name}.openai.azure.com/" if name else regional
    if kind == "AIServices":
        add_endpoints(put.properties)


def _check_kind(put: Put, kind: str) -> None:
    """A PUT with the other kind upgrades the account, or rolls the upgrade back.

    Documented both ways, for an account with an identity; back, without projects, connections and
    models of other publishers.
    https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai
    Sure: inferred, as no page says that an opt-out outlives a write of an API version without it.
    """
    before = put.existing.body.get("kind") if put.existing else kind
    if kind == "OpenAI" and put.properties.get("allowProjectManagement"):
        raise NotModelledError("what Azure says to allowProjectManagement of kind OpenAI")
    deployed = [one for one in put.cloud.below(put.id.text) if "model" in one.properties]
    if kind == OPENAI and any(one.properties["model"]["format"] != OPENAI for one in deployed):
        raise NotModelledError("what Azure says to kind OpenAI with models of other publishers")
    if kind != before and not put.body.get("identity"):
        raise NotModelledError("what Azure says to another kind without a managed identity")
    kept = put.existing.properties.get("foundryAutoUpgrade") if put.existing else None
    if kept and kind == before and not has_auto_upgrade(put.api_version):
        put.properties["foundryAutoUpgrade"] = kept


def add_endpoints(properties: dict[str, Any]) -> None:
    """A Foundry resource has more addresses beside that of Azure OpenAI, which stays.

    https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#private-network-configuration
    """
    name = properties.get("customSubDomainName")
    properties["endpoints"] = {
        "OpenAI Language Model Instance API": f"https://{name}.openai.azure.com/",
        "AI Foundry API": f"https://{name}.services.ai.azure.com/",
        "Cognitive Services": f"https://{name}.cognitiveservices.azure.com/",
    }


def versions(model: str) -> list[str]:
    """The versions of a model, the newest first.

    Sure: no belief.
    """
    return sorted(MODELS["models"].get(model) or {}, reverse=True)


def retire(cloud: Cloud, place: str, model: dict[str, Any]) -> None:
    """From now on a region takes a model and version no more. Call inside `change()`.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    name = f"{model['name']}.{model['version']}"
    cloud.put(Resource(_retired_id(place, name), RETIREMENTS, name, {"properties": {}}))


def _retired_id(place: str, name: str) -> str:
    here = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.CognitiveServices"
    return f"{here}/locations/{place}/models/{name}"


def _check_subdomain(put: Put, name: str) -> None:
    """A subdomain is unique in Azure, and stays: https://github.com/Azure/bicep/issues/17663."""
    before = put.existing and put.existing.properties.get("customSubDomainName")
    if before and before != name:
        raise refuse("BadRequest", text="The custom subdomain name cannot be changed.")
    others = [r.properties.get("customSubDomainName") for r in put.siblings() + put.kept()]
    if name and name.lower() in [str(other).lower() for other in others]:
        raise refuse("CustomDomainInUse", name=name)


def deployment(put: Put) -> None:
    """A deployment names a model that the region offers, and a SKU with quota left.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/models
    """
    model, sku = dict(put.properties.get("model") or {}), put.body.get("sku") or {}
    known = MODELS["models"].get(model.get("name")) or {}
    model["version"] = str(model.get("version") or next(iter(known), ""))
    details = known.get(model["version"]) or {}
    here = _place(put.cloud, put.id.text)
    gone = put.cloud.get(_retired_id(here, f"{model.get('name')}.{model['version']}"))
    if gone:
        day = datetime.fromtimestamp(gone.created, UTC).date().isoformat()
        details = details | {"retired": day}
    _check_model(model, details, new=put.existing is None)
    _check_publisher(put, model)
    _check_sku(put, model, sku)
    content_filters.check_named(put)
    _check_spillover(put, str(put.properties.get("spilloverDeploymentName") or ""), model)
    put.properties["model"] = model


def _check_spillover(put: Put, name: str, model: dict[str, Any]) -> None:
    """A provisioned deployment spills over to another of its account, of the same model.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/spillover-traffic-management
    Sure: inferred, as the page has the conditions, and not the words of a refusal.
    """
    if not name:
        return
    other = put.cloud.get(f"{put.id.text.rsplit('/', 1)[0]}/{name}")
    told = other.properties["model"] if other else {}
    same = all(told.get(key) == model.get(key) for key in ("name", "version"))
    paid = [str(one.get("sku", {}).get("name")) for one in (put.body, other.body if other else {})]
    if not same or ["Provisioned" in sku for sku in paid] != [True, False]:
        text = f"The deployment '{name}' cannot take what spills over from '{put.id.name}'."
        raise refuse("InvalidResourceProperties", text=text)


def _check_model(model: dict[str, Any], details: dict[str, Any], *, new: bool) -> None:
    """Unknown, retired and closed models are refused: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements."""
    parts = [f"{key.title()}:{model.get(key)}" for key in ("format", "name", "version")]
    shown = f"'{','.join(parts)}'"
    if not details or model.get("format") != details.get("format", OPENAI):
        raise refuse("DeploymentModelNotSupported", model=shown)
    if "retired" in details:
        day = date.fromisoformat(details["retired"]).strftime("%m/%d/%Y")
        raise refuse("ServiceModelDeprecated", model=shown, day=day)
    if new and "closed" in details:
        raise refuse("ServiceModelDeprecating", model=shown)


def _check_publisher(put: Put, model: dict[str, Any]) -> None:
    """Models of other publishers are for Foundry resources: https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai.

    Sure: inferred, as no page has the words of the refusal.
    """
    owner = put.cloud.get(put.id.text.rsplit("/", 2)[0])
    if model["format"] != OPENAI and owner and owner.body.get("kind") != "AIServices":
        shown = ",".join(f"{key.title()}:{model[key]}" for key in ("format", "name", "version"))
        raise refuse("DeploymentModelNotSupported", model=f"'{shown}'")


def _check_sku(put: Put, model: dict[str, Any], sku: dict[str, Any]) -> None:
    """A capacity needs quota of SKU, model, region and subscription: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota."""
    details = MODELS["models"][model["name"]][model["version"]]
    name, capacity, limit = sku.get("name"), sku.get("capacity"), details["limit"]
    if not any(name in MODELS["skus"][where] for where in details["skus"]):
        raise refuse("UnsupportedSku", sku=name, model=model["name"], version=model["version"])
    if not isinstance(capacity, int) or capacity < 1:
        raise refuse("InvalidResourceProperties", text="The capacity must be 1 or more.")
    here = _whose(put.cloud, put.id.text)
    rivals = [one for one in put.siblings() if _whose(put.cloud, one.id) == here]
    same = [one for one in rivals if one.properties["model"]["name"] == model["name"]]
    used = sum(int(r.body["sku"]["capacity"]) for r in same if r.body["sku"]["name"] == name)
    if capacity > limit - used:
        quota = f"Tokens Per Minute (thousands) - {model['name']} - {name}"
        facts = {"capacity": capacity, "free": limit - used, "used": used, "limit": limit}
        raise refuse("InsufficientQuota", quota=quota, **facts)


def _whose(cloud: Cloud, deployment_id: str) -> tuple[str, str]:
    """Return whose quota a deployment uses: that of a subscription, in a region."""
    return deployment_id.split("/")[2].lower(), _place(cloud, deployment_id)


def _place(cloud: Cloud, deployment_id: str) -> str:
    owner = cloud.get(deployment_id.rsplit("/", 2)[0])
    return region(owner.body["location"]) if owner else ""
