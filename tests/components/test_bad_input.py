"""A wrong stack file is one report that names key, value, what is allowed and what to do."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest
from pydantic.alias_generators import to_camel

from components.settings.stack import Settings
from harness.example import example_config
from tests.components.harness import Json, run_program, run_without_insights

DEPLOYMENT = example_config()["deployments"][0]
CONSUMER = example_config()["consumers"][0]
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg"
NOT_OPENAPI = Path(__file__).parent / "files" / "not-openapi.json"


def refusal(config: Json, without: tuple[str, ...] = ()) -> str:
    """The report on a wrong stack file."""
    with pytest.raises(pulumi.RunError) as caught:
        run_program(config, without=without)
    return str(caught.value)


@pytest.mark.parametrize(
    ("config", "found", "allowed"),
    [
        ({"bodybytes": 1}, "bodybytes is not a key of this project", "did you mean bodyBytes?"),
        ({"workspaceRetentionDays": 29}, 'workspaceRetentionDays = "29"', "from 30 to 730"),
        ({"administratorEmail": ""}, 'administratorEmail = ""', "an e-mail address"),
        ({"administratorEmail": "me"}, 'administratorEmail = "me"', "an e-mail address"),
        ({"deployments": []}, "deployments = []", "at least one deployment"),
        ({"deployments": [DEPLOYMENT] * 2}, "deployments = [", "given twice: text-turbo"),
        (
            {"deployments": [{**DEPLOYMENT, "capacity": 0}]},
            "deployments[0].capacity = 0",
            "tokens per minute from 1",
        ),
        (
            {"deployments": [{**DEPLOYMENT, "modle": "gpt-5.1"}]},
            "deployments[0].modle is not a key",
            "did you mean model?",
        ),
        (
            {"deployments": [{key: DEPLOYMENT[key] for key in ("name", "version", "capacity")}]},
            "deployments[0].model is missing",
            "1 to 100 characters",
        ),
        (
            {"deployments": [{**DEPLOYMENT, "name": "a b"}]},
            'deployments[0].name = "a b"',
            "2 to 64 letters",
        ),
        (
            {"deployments": [{**DEPLOYMENT, "format": "DeepSeek"}]},
            "deployments = [",
            "need accountKind AIServices",
        ),
        ({"accountKind": "Face"}, 'accountKind = "Face"', "OpenAI or AIServices"),
        (
            {"deployments": [{**DEPLOYMENT, "contentFilter": "strict"}]},
            "deployments = [",
            "or of Azure's own such as Microsoft.DefaultV2; neither: strict",
        ),
        ({"contentFilters": [{"name": "Microsoft.Mine"}]}, "contentFilters[0].name", "1 to 64"),
        ({"contentFilters": [{"name": "a"}, {"name": "A"}]}, "contentFilters = [", "given twice"),
        (
            {"contentFilters": [{"name": "a", "hate": "Off"}]},
            'contentFilters[0].hate = "Off"',
            "Low, Medium or High",
        ),
        ({"consumers": []}, "consumers = []", "at least one consumer"),
        (
            {"consumers": [CONSUMER, {**CONSUMER, "name": "AOAI-test"}]},
            "consumers = [",
            "given twice: aoai-test",
        ),
        (
            {"consumers": [{**CONSUMER, "name": "-"}]},
            'consumers[0].name = "-"',
            "1 to 80 letters",
        ),
        ({"tags": {"a/b": "c"}}, 'tags = {"a/b": "c"}', "wrong: a/b"),
        ({"tags": {"Azure-x": "c"}}, "tags = {", "wrong: Azure-x"),
        ({"tags": {"a": "", "A": ""}}, "tags = {", "wrong: a, A"),
        ({"tags": {"": "c"}}, "tags = {", "names of 1 to 512 characters"),
        ({"tags": {"a": "b" * 257}}, "tags = {", "wrong: a"),
        ({"tags": {f"t{n}": "" for n in range(51)}}, "tags = {", "wrong: 51 tags"),
        ({"bodyBytes": 8193}, 'bodyBytes = "8193"', "a whole number of bytes from 0 to 8,192"),
        ({"bodyBytes": -1}, 'bodyBytes = "-1"', "a whole number of bytes from 0 to 8,192"),
        (
            {"backendTimeoutSeconds": 0},
            'backendTimeoutSeconds = "0"',
            "a whole number of seconds from 1 to 3,600",
        ),
        ({"gatewayTier": "Consumption"}, 'gatewayTier = "Consumption"', "Developer, Basic"),
        ({"gatewayTier": "Developer", "gatewayUnits": 2}, 'gatewayUnits = "2"', "1 unit in tier"),
        ({"gatewayName": "1st"}, 'gatewayName = "1st"', "first a letter"),
        ({"accountName": "OAI"}, 'accountName = "OAI"', "lower-case"),
        ({"workspaceName": "log"}, 'workspaceName = "log"', "4 to 63 letters"),
        ({"resourceGroupName": "rg."}, 'resourceGroupName = "rg."', "not ending in a period"),
        (
            {"workspaceId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/x"},
            "workspaceId =",
            "Microsoft.OperationalInsights/workspaces/<name>",
        ),
        ({"gatewayId": "apim-1"}, 'gatewayId = "apim-1"', "Microsoft.ApiManagement/service/<name>"),
        ({"apiDocument": "nowhere.json"}, 'apiDocument = "nowhere.json"', "No such file"),
        (
            {"apiDocument": str(NOT_OPENAPI)},
            "apiDocument =",
            'not-openapi.json has no line "openapi": "3.0…"',
        ),
        (
            {"gatewayDiagnosticSettingName": ""},
            'gatewayDiagnosticSettingName = ""',
            "empty only beside gatewayId",
        ),
        ({"capture": "some"}, 'capture = "some"', "full or metadata"),
        ({"organizationName": " "}, 'organizationName = " "', "not blanks alone"),
        ({"productDescription": " \n"}, "productDescription =", "not blanks alone"),
        (
            {"accountDiagnosticSettingName": " "},
            'accountDiagnosticSettingName = " "',
            "not blanks alone",
        ),
        (
            {"gatewayDiagnosticSettingName": "  "},
            'gatewayDiagnosticSettingName = " "',
            "not blanks alone",
        ),
        (
            {"consumers": [{**CONSUMER, "displayName": " "}]},
            'consumers[0].displayName = " "',
            "not blanks alone",
        ),
        (
            {"deployments": [{**DEPLOYMENT, "model": " "}]},
            'deployments[0].model = " "',
            "not blanks alone",
        ),
        ({"tags": {" ": "c"}}, "tags = {", "not blanks alone"),
        ({"location": "  "}, 'location = " "', "an Azure region such as eastus"),
        ({"location": "12"}, 'location = "12"', "an Azure region such as eastus"),
        ({"apiPath": ".."}, 'apiPath = ".."', "no part . or .."),
        ({"apiPath": "openai/../v1"}, "apiPath =", "no part . or .."),
        ({"apiPath": "a" * 5000}, "apiPath =", "at most 400 characters"),
        ({"apiPath": "a" * 401}, "apiPath =", "at most 400 characters"),
        (
            {"checkApiVersion": "2024-13-45"},
            'checkApiVersion = "2024-13-45"',
            "a real date, with -preview or without",
        ),
        ({"checkApiVersion": "2023-02-29-preview"}, "checkApiVersion =", "a real date"),
        (
            {"consumers": [{**CONSUMER, "name": "Master"}]},
            'consumers[0].name = "Master"',
            "not master, which API Management itself has in every service",
        ),
        ({"samplingPercentage": 101}, 'samplingPercentage = "101"', "from 0 to 100"),
    ],
)
def test_each_wrong_value_is_named(config: Json, found: str, allowed: str) -> None:
    report = refusal(config)
    assert report.startswith("1 configuration value is wrong in stack 'dev'; nothing was changed.")
    assert found in report
    assert allowed in report
    assert "fix:     pulumi config " in report


def test_the_program_runs_on_the_defaults_of_the_fields_as_on_those_of_the_project() -> None:
    absent = tuple(to_camel(name) for name in Settings.model_fields)
    report = refusal({}, without=absent)
    assert report.startswith("3 configuration values are wrong")
    for found in ("deployments = []", "consumers = []", 'administratorEmail = ""'):
        assert found in report


def test_all_wrong_values_of_a_file_come_together() -> None:
    report = refusal({"bodyBytes": 9000, "gatewayTier": "Consumption", "consumers": []})
    assert report.startswith("3 configuration values are wrong")
    for key in ("bodyBytes", "gatewayTier", "consumers"):
        assert key in report


def test_fix_of_a_list_can_be_typed() -> None:
    report = refusal({"deployments": []})
    assert "pulumi config set --path 'deployments[0].name' <value>" in report


def test_letters_beyond_ascii_are_refused_in_names() -> None:
    report = refusal({"deployments": [{**DEPLOYMENT, "name": "dépl"}]})
    assert "2 to 64 letters" in report


def test_name_of_what_exists_is_refused_beside_its_id() -> None:
    workspace = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-central"
    report = refusal({"workspaceId": workspace, "workspaceName": "log-mine"})
    assert '"", because workspaceId names an existing one' in report
    assert "pulumi config rm --path 'workspaceName'" in report


def test_unknown_cloud_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_ENVIRONMENT", "mars")
    assert "allowed: public, usgovernment, china" in refusal({})


@pytest.mark.parametrize("given", [{}, {"sku": "globalstandard"}])
def test_a_sku_that_the_cloud_lacks_is_refused(given: Json) -> None:
    wanted = {key: value for key, value in DEPLOYMENT.items() if key != "sku"} | given
    cloud = {"azure-native:environment": "usgovernment"}
    with pytest.raises(pulumi.RunError) as caught:
        run_program({"deployments": [wanted]}, provider_config=cloud)
    assert "deployments[0].sku = " in str(caught.value)
    assert "such as Standard or DataZoneStandard" in str(caught.value)
    run_program({"deployments": [{**wanted, "sku": "DataZoneStandard"}]}, provider_config=cloud)
    run_program({"deployments": [wanted]})


@pytest.mark.parametrize(
    "config",
    [
        {"apiPath": "a" * 400},
        {"apiPath": "v1.0/..a"},
        {"checkApiVersion": "2024-02-29-preview"},
        {"consumers": [{**CONSUMER, "name": "masters"}]},
        {"organizationName": " Windows "},
        {"location": "East US 2"},
    ],
)
def test_what_just_may_be_is_taken(config: Json) -> None:
    run_without_insights(config)
