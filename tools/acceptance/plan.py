"""The plan of one run: names of its own, the region, and the stack's configuration."""

from __future__ import annotations

import json
import secrets
import shutil
import string
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import yaml

ROOT = Path(__file__).resolve().parents[2]
STACK = "acceptance"
TIER = "BasicV2"
"""The cheapest tier whose gateway writes the LLM log and is created within minutes.

https://learn.microsoft.com/azure/api-management/v2-service-tiers-overview
https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
"""
DEPLOYMENT = "text-turbo"
EDIT = {"bodyBytes": 4096}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one run creates, with the suffix in each name; `timeout` is the check's, in minutes."""

    suffix: str
    location: str
    subscription: str
    email: str
    timeout: float

    @classmethod
    def new(cls, *, location: str, subscription: str, email: str, timeout: float) -> Self:
        """Make a plan with a random suffix that nobody else has."""
        letters = string.ascii_lowercase + string.digits
        suffix = "".join(secrets.choice(letters) for _ in range(8))
        return cls(
            suffix=suffix,
            location=location,
            subscription=subscription,
            email=email,
            timeout=timeout,
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the plan that `write` left in a folder."""
        return cls(**json.loads((folder / "plan.json").read_text()))

    @property
    def group(self) -> str:
        """Return the name of the resource group, which the run creates for itself."""
        return f"rg-acceptance-{self.suffix}"

    @property
    def names(self) -> dict[str, str]:
        """Return by kind the names of the resources that Azure keeps after their deletion."""
        return {
            "account": f"oai-acceptance-{self.suffix}",
            "gateway": f"apim-acceptance-{self.suffix}",
            "workspace": f"log-acceptance-{self.suffix}",
        }

    @property
    def group_id(self) -> str:
        """Return the ARM id of the group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    def id(self, kind: str) -> str:
        """Return the ARM id of the account, the gateway or the workspace."""
        types = {
            "account": "Microsoft.CognitiveServices/accounts",
            "gateway": "Microsoft.ApiManagement/service",
            "workspace": "Microsoft.OperationalInsights/workspaces",
        }
        return f"{self.group_id}/providers/{types[kind]}/{self.names[kind]}"

    def deleted_id(self, kind: str) -> str:
        """Return the id under which Azure keeps a deleted account or gateway, and purges it."""
        root = f"/subscriptions/{self.subscription}/providers"
        if kind == "account":
            place = f"{root}/Microsoft.CognitiveServices/locations/{self.location}"
            return f"{place}/resourceGroups/{self.group}/deletedAccounts/{self.names[kind]}"
        place = f"{root}/Microsoft.ApiManagement/locations/{self.location}"
        return f"{place}/deletedservices/{self.names[kind]}"

    def write(self, folder: Path) -> None:
        """Write the plan into the folder, readable by its owner only."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "plan.json").write_text(json.dumps(asdict(self), indent=2) + "\n")

    def configure(self, folder: Path, model: dict[str, Any]) -> tuple[Path, Path]:
        """Write the stack's file, and one with an edit, beside the project's; return both."""
        home = folder / "project"
        home.mkdir(exist_ok=True)
        shutil.copy(ROOT / "Pulumi.yaml", home)
        name = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["name"]
        values: dict[str, Any] = {
            "resourceGroupName": self.group,
            "location": self.location,
            "accountName": self.names["account"],
            "gatewayName": self.names["gateway"],
            "workspaceName": self.names["workspace"],
            "gatewayTier": TIER,
            "organizationName": "Acceptance",
            "administratorEmail": self.email,
            "deployments": [{"name": DEPLOYMENT, **model}],
            "consumers": [{"name": "acceptance", "displayName": "Acceptance"}],
            "tags": {"purpose": "acceptance", "owner": self.suffix},
        }
        files = home / f"Pulumi.{STACK}.yaml", folder / "edited.yaml"
        for file, changed in zip(files, (values, values | EDIT), strict=True):
            config = {f"{name}:{key}": value for key, value in changed.items()}
            file.write_text(yaml.safe_dump({"config": config}, sort_keys=False))
        return files
