"""The SDKs of `sdks/`: what their schemas say, under the names that `pulumi package add` gives."""

from __future__ import annotations

import base64
import inspect
import json
import re
from typing import Any

import pulumi_azure_native
import pulumi_azure_native_apimanagement_v20240601preview as package
import yaml
from pulumi_azure_native import apimanagement as stable
from pulumi_azure_native_apimanagement_v20240601preview import apimanagement as preview

from tests.example import ROOT

NAME = "azure-native_apimanagement_v20240601preview"
SCHEMA: dict[str, Any] = json.loads((ROOT / "sdks" / f"{NAME}.schema.json").read_text())
TOKEN = f"{NAME}:apimanagement:ApiDiagnostic"


def arguments(made: type) -> set[str]:
    return set(inspect.signature(made).parameters) - {"self", "__self__", "resource_name", "opts"}


def test_the_name_is_made_of_module_and_version_as_the_parameter_holds_them() -> None:
    """https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider_parameterize.go."""
    encoded = base64.b64decode(SCHEMA["parameterization"]["parameter"])
    given = json.loads(base64.b64decode(encoded))
    assert list(given) == ["module", "version"]
    assert f"azure-native_{given['module']}_{given['version']}" == SCHEMA["name"] == NAME
    plugin = json.loads(
        (ROOT / "sdks" / NAME / package.__name__ / "pulumi-plugin.json").read_text()
    )
    assert plugin["parameterization"]["value"] == SCHEMA["parameterization"]["parameter"]


def test_the_project_names_the_package_by_the_same_parameters() -> None:
    packages = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["packages"]
    assert packages[NAME]["source"] == "azure-native"
    module, version = packages[NAME]["parameters"]
    assert f"azure-native_{module}_v{version.replace('-', '')}" == NAME


def test_the_sdk_is_what_the_schema_says() -> None:
    """A property that is missing in the SDK would be one that nobody can set."""
    (token,) = SCHEMA["resources"]
    assert token == TOKEN
    wanted = SCHEMA["resources"][token]["inputProperties"]
    assert len(arguments(preview.ApiDiagnosticArgs)) == len(wanted)
    for name in SCHEMA["types"]:
        assert hasattr(preview, (kind := name.rpartition(":")[2])) or (
            hasattr(preview, f"{kind}Args") or hasattr(preview.outputs, kind)
        ), kind


def test_it_differs_from_the_stable_class_in_what_it_is_there_for() -> None:
    own, other = (arguments(module.ApiDiagnosticArgs) for module in (preview, stable))
    assert own - other == {"large_language_model"}
    assert other <= own


def test_its_provider_is_configured_as_azure_natives() -> None:
    own, base = package.Provider, pulumi_azure_native.Provider
    assert arguments(package.ProviderArgs) == arguments(pulumi_azure_native.ProviderArgs)
    assert secrets(own) == secrets(base) != set()


def secrets(provider: type) -> set[str]:
    """The arguments that its code marks as secret."""
    return set(re.findall(r'"(\w+)"\] = .*Output\.secret\(', inspect.getsource(provider)))
