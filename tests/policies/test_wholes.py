"""The example passes; whatever else its resources held is refused, or is listed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pack.known_resources import UNJUDGED
from pack.resource import UNKNOWN

from tests.policies.harness import Json, Shown, added, changed, example, said
from tests.policies.losses import LOSSES, Loss

pytestmark = pytest.mark.slow

FREE = {
    "accountName", "apiId", "apiLinkId", "azureApiVersion", "deploymentName", "displayName",
    "description", "enableClientCertificate", "location", "name", "path", "productId",
    "publisherEmail", "publisherName", "resourceGroupName", "resourceUri", "roleAssignmentName",
    "serviceName", "sid", "tags", "value", "workspaceId", "workspaceName",
}  # fmt: skip
"""What may hold anything, or is judged by where it comes from, or as a policy document."""
STATED = {*(f"properties/model/{key}" for key in ("format", "name", "version")), "sku/name"}
"""What a deployment must say, whatever it is."""
EITHER = {"approvalRequired", "properties/versionUpgradeOption"}
"""What may have several values, the example's other among them."""
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = example()
GROUP = "resource-group"
NAMES = [name for name in EXAMPLE if name != GROUP]


def leaves(props: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value that is no object, with its path."""
    for key, value in props.items():
        at = f"{path}/{key}".lstrip("/")
        yield from leaves(value, at) if isinstance(value, Mapping) else [(at, value)]


def objects(props: Json, path: str = "") -> Iterator[str]:
    yield path
    for key, value in props.items():
        if isinstance(value, dict):
            yield from objects(value, f"{path}/{key}".lstrip("/"))


JUDGED = [
    (name, path, value)
    for name, one in EXAMPLE.items()
    for path, value in leaves(one["props"])
    if name != GROUP and path.split("/")[0] not in FREE
]


def other(value: Any) -> Any:
    """Make another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return 0 if value else 1
    return ["other"] if isinstance(value, list) else "other"


def refused(name: str, path: str, stack: Shown) -> bool:
    told = said(stack)
    reports = [one for reports in told.refused.values() for one in reports]
    at = f"property: {path.replace('/', '.')}\n"
    return any(f"resource: {name} (" in one and at in one for one in reports)


@pytest.mark.parametrize("sku", ["GlobalBatch", "DataZoneBatch", "globalbatch", ""])
def test_a_batch_deployment_is_refused(sku: str) -> None:
    """Its answers stand in files, so that no log tells their tokens."""
    stack = changed("deployment-text-turbo", "sku/name", sku)

    assert refused("deployment-text-turbo", "sku/name", stack)


@pytest.mark.parametrize("sku", ["GlobalStandard", "DataZoneStandard", "ProvisionedManaged"])
def test_a_deployment_whose_calls_pass_the_gateway_is_not(sku: str) -> None:
    assert said(changed("deployment-text-turbo", "sku/name", sku)).refused == {}


def test_the_example_passes() -> None:
    told = said(EXAMPLE)
    assert told.refused == {}
    assert told.advised.keys() == {"account-public-network"}
    assert told.unclear == {}


@pytest.mark.parametrize(("name", "path", "value"), JUDGED)
def test_another_value_is_refused_and_so_is_none(name: str, path: str, value: Any) -> None:
    stated = path in STATED and "deployment" in name
    if not stated and path not in EITHER and path != "properties/customSubDomainName":
        assert refused(name, path, changed(name, path, other(value)))
    assert refused(name, path, changed(name, path, None))
    unclear = said(changed(name, path, UNKNOWN))
    assert unclear.refused or unclear.unclear, "what is unknown is never a pass"


@pytest.mark.parametrize("name", NAMES)
def test_a_property_that_the_pack_does_not_know_is_refused_and_not_shown(name: str) -> None:
    for place in objects(EXAMPLE[name]["props"]):
        if place.split("/")[0] not in FREE:
            path = f"{place}/unheardOf".lstrip("/")
            stack = changed(name, path, "hunter2")
            assert refused(name, path, stack), path
            assert "hunter2" not in said(stack).text
            assert refused(name, path, changed(name, path, False))
    assert said(changed(name, "__createBeforeDelete", True)).refused == {}, "the provider's own"


LINKED = {to for one in EXAMPLE.values() for many in one["links"].values() for to in many}
NEEDED = {"gateway-diagnostics", "openai-account-diagnostics", "openai-api-policy"}
NEEDED |= {"openai-api-diagnostic", "openai-api-product-link"}
LONE = {"openai-api-role", "gateway-logger", "subscription-aoai-test", "deployment-text-turbo"}
"""Without them nothing is called, or Azure makes what is missing."""


@pytest.mark.parametrize("name", sorted(LINKED.intersection(NAMES) | NEEDED | LONE))
def test_a_resource_that_is_left_out_is_missed(name: str) -> None:
    told = said({other: one for other, one in EXAMPLE.items() if other != name})
    assert bool(told.refused) is (name not in LONE), told


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.what)
def test_each_known_loss_is_refused(loss: Loss) -> None:
    told = said(changed(loss.resource, loss.path, loss.value))
    assert loss.policy in told.refused
    assert told.refused.keys() <= {loss.policy, "connected"}
    assert f"property: {loss.at or loss.path.replace('/', '.')}\n" in told.text


@pytest.mark.parametrize(
    "kind",
    [
        "azure-native:insights:DataCollectionRule",
        "azure-native:cognitiveservices:RaiBlocklist",
        "azure-native:apimanagement:NamedValue",
        "azure-native:apimanagement:Certificate",
        "azure-native:apimanagement:PolicyFragment",
        "azure-native:apimanagement:ProductPolicy",
        "azure-native:apimanagement:Diagnostic",
        "azure-native:operationalinsights:Table",
        "azure-native:resources:Resource",
        "azure-native:storage:StorageAccount",
        "command:local:Command",
    ],
)
def test_a_resource_of_another_type_is_refused_until_it_is_named(kind: str) -> None:
    more = added("more", kind, {"secret": "hunter2"})
    told = said(more)
    assert told.refused.keys() == {"known-resources"}
    assert f'found:    "{kind}"' in told.text
    assert "hunter2" not in told.text
    assert said(more, {"known-resources": {"types": [kind]}}).refused == {}


def test_every_type_of_a_provider_is_of_no_other() -> None:
    every = {"known-resources": {"types": ["azure-native:*"]}}
    old = "azure-native_storage_v20230101:storage:StorageAccount"
    assert said(added("more", old, {}), every).refused == {}
    for kind in ("command:local:Command", "azure-nativex:storage:StorageAccount"):
        assert said(added("more", kind, {}), every).refused.keys() == {"known-resources"}


def test_the_components_of_the_program_are_known_and_no_other() -> None:
    code = "".join(file.read_text() for file in (ROOT / "components").rglob("*.py"))
    components = set(re.findall(r'"(aoai:index:\w+)"', code))
    assert components == {kind for kind in UNJUDGED if kind.startswith("aoai:")}
    told = said(added("more", "aoai:index:Backdoor", {}))
    assert told.refused.keys() == {"known-resources"}


@pytest.mark.parametrize("kind", ["monitor:ScheduledQueryRule", "operationalinsights:SavedSearch"])
def test_what_watches_a_stack_is_of_no_concern(kind: str) -> None:
    assert said(added("more", f"azure-native:{kind}", {"location": "global"})).refused == {}


@pytest.mark.parametrize(
    "token",
    [
        "azure-native:cognitiveservices/v20230501:Account",
        "azure-native_cognitiveservices_v20241001:cognitiveservices:Account",
    ],
)
def test_every_version_of_a_type_is_judged(token: str) -> None:
    stack = changed("openai-account", "properties/disableLocalAuth", False)
    stack["openai-account"]["type"] = token
    assert said(stack).refused.keys() == {"account"}
