"""The SDKs of `sdks/`: what their schemas say, under the names that `pulumi package add` gives."""

from __future__ import annotations

import base64
import inspect
import json
import re
import types
import typing
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pulumi
import pulumi._types as metadata
import pulumi_azure_native
import pulumi_azure_native_apimanagement_v20240601preview as package
import pytest
import yaml
from pulumi_azure_native import apimanagement as stable
from pulumi_azure_native_apimanagement_v20240601preview import apimanagement as preview

from harness.example import ROOT

NAME = "azure-native_apimanagement_v20240601preview"
SCHEMA: dict[str, Any] = json.loads((ROOT / "sdks" / f"{NAME}.schema.json").read_text())
TOKEN = f"{NAME}:apimanagement:ApiDiagnostic"
PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}
Shape = frozenset[str]


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


def in_schema(spec: dict[str, Any]) -> Shape:
    """The types that a property may have, by their names in the schema."""
    if "oneOf" in spec:
        return frozenset[str]().union(*map(in_schema, spec["oneOf"]))
    if "items" in spec:
        return frozenset(f"array of {one}" for one in in_schema(spec["items"]))
    return frozenset({spec["$ref"].rpartition(":")[2] if "$ref" in spec else spec["type"]})


def in_python(kind: Any) -> Shape:
    """The same of an annotation; what may come later is no other type."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is type(None) or origin in (Awaitable, pulumi.Output):
        return frozenset()
    if origin in (typing.Union, types.UnionType):
        return frozenset[str]().union(*map(in_python, parts))
    if origin in (list, Sequence):
        return frozenset(f"array of {one}" for one in in_python(parts[0]))
    return frozenset({PLAIN.get(kind) or kind.__name__.removesuffix("Args")})


def shapes(properties: dict[str, Any], read: Callable[[Any], Shape]) -> dict[str, Shape]:
    return {name: read(one) for name, one in properties.items()}


def test_the_inputs_of_the_sdk_are_what_the_schema_says() -> None:
    """A property that is missing in the SDK would be one that nobody can set."""
    assert list(SCHEMA["resources"]) == [TOKEN]
    resource = SCHEMA["resources"][TOKEN]
    assert vars(preview.ApiDiagnostic)["pulumi_type"] == TOKEN
    made = shapes(metadata.input_type_types(preview.ApiDiagnosticArgs), in_python)
    assert made == shapes(resource["inputProperties"], in_schema)
    given = inspect.signature(preview.ApiDiagnosticArgs).parameters.values()
    assert {one.name for one in given if one.default is one.empty} == {
        snake(name) for name in resource["requiredInputs"]
    }
    made = shapes(metadata.resource_types(preview.ApiDiagnostic), in_python)
    assert made == shapes(resource["properties"], in_schema)


@pytest.mark.parametrize("name", SCHEMA["types"], ids=lambda name: name.rpartition(":")[2])
def test_a_type_of_the_sdk_is_what_the_schema_says(name: str) -> None:
    kind, spec = name.rpartition(":")[2], SCHEMA["types"][name]
    if "enum" in spec:
        assert [one.value for one in getattr(preview, kind)] == [
            one["value"] for one in spec["enum"]
        ]
    elif kind.endswith("Response"):
        made = metadata.output_type_types(getattr(preview.outputs, kind))
        assert shapes(made, in_python) == shapes(spec["properties"], in_schema)
    else:
        made = metadata.input_type_types(getattr(preview, f"{kind}Args"))
        assert shapes(made, in_python) == shapes(spec["properties"], in_schema)


def snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


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
