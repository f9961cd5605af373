"""The second stack in which mistakes are made: what the example lacks, as far as one stack can."""

from __future__ import annotations

from pathlib import Path

from harness.example import example_config
from harness.machine import Machine
from harness.sabotage.site import QUICK, Json
from sandbox import arm
from sandbox.arm.base import ACCOUNT, GROUP
from sandbox.cloud import PLATFORM_SUBSCRIPTION_ID, Cloud
from sandbox.options import Options

GROUP_ID = f"/subscriptions/{PLATFORM_SUBSCRIPTION_ID}/resourceGroups/rg-ai"
THEIRS = f"{GROUP_ID}/providers/{ACCOUNT}/oai-theirs"
"""An account of another team, in a subscription of theirs."""
CHAT: Json = example_config()["deployments"][0]
VERSIONS = {GROUP: "2024-03-01", ACCOUNT: "2024-10-01", f"{ACCOUNT}/deployments": "2024-10-01"}
"""API versions with which the other team makes its account."""
SEVERAL: Json = {
    "insights": False,
    "deployments": None,
    "contentFilters": [{"name": "strict", "hate": "Low"}],
    "accounts": [
        {
            "name": "weu",
            "location": "westeurope",
            "deployments": [
                {
                    **CHAT,
                    "sku": "GlobalProvisionedManaged",
                    "capacity": 15,
                    "spillover": "standard",
                    "contentFilter": "strict",
                },
                {**CHAT, "name": "standard"},
            ],
        },
        {"name": "swc", "location": "swedencentral", "weight": 2, "deployments": [CHAT]},
        {
            "name": "theirs",
            "id": THEIRS,
            "priority": 2,
            "deployments": [{**CHAT, "existing": True}, {**CHAT, "name": "mine"}],
        },
    ],
}
"""Keys of the stack file: a pool of three accounts, one of them existing and a stand-by, a
deployment that spills over, and a content filter."""


def deploy(folder: Path) -> Machine:
    """Deploy the stack of several accounts; it lacks the alerts, which the example has."""
    made = Machine(folder)
    _make_theirs(Cloud(made.cloud))
    made.configure(**SEVERAL)
    made.up(options=QUICK)
    return made


def _make_theirs(cloud: Cloud) -> None:
    """Make what the stack finds: an account with a deployment of its own."""
    options = Options(folder=cloud.folder, role_delay=0)
    name = THEIRS.rpartition("/")[2]
    model = {"format": "OpenAI", "name": CHAT["model"], "version": CHAT["version"]}
    bodies: dict[str, Json] = {
        GROUP_ID: {"location": "eastus"},
        THEIRS: {
            "location": "eastus",
            "kind": "OpenAI",
            "sku": {"name": "S0"},
            "properties": {"customSubDomainName": name, "disableLocalAuth": True},
        },
        f"{THEIRS}/deployments/{CHAT['name']}": {
            "sku": {"name": CHAT["sku"], "capacity": CHAT["capacity"]},
            "properties": {
                "model": model,
                "versionUpgradeOption": "OnceCurrentVersionExpired",
            },
        },
    }
    for resource_id, body in bodies.items():
        version = VERSIONS[arm.base.parse(resource_id).type]
        arm.put(cloud, options, resource_id, version, body)
