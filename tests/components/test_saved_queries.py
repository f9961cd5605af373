"""The workbook and the query library are declared where the portal looks for them."""

from __future__ import annotations

import json

from queries import library
from tests.components.harness import Run, run_program
from tests.components.test_existing import OTHER, WORKSPACE, WORKSPACE_ANSWER

OF_ONE = [name for name in library.names() if not library.of_several(name)]
FUNCTION = "AzureOpenAIFigures_abc123"
PARAMETERS = (
    *("prices", "provisioned", "budgets", "capacities", "retirements"),
    *("gateway", "account", "api", "identity"),
)
OWN = {name: library.Expression(f"toscalar({FUNCTION} | project {name})") for name in PARAMETERS}


def searches(run: Run) -> dict[str, dict[str, object]]:
    """Inputs of the saved searches, by logical name."""
    names = [
        request.name
        for request in run.requests.values()
        if request.type == "azure-native:operationalinsights:SavedSearch"
    ]
    return {name: run.inputs(name) for name in names}


def test_every_query_of_the_library_is_saved_with_the_stacks_own_values(example: Run) -> None:
    """It runs as it is opened: of this stack alone, with its prices, and bypass by its identity."""
    found = searches(example)

    assert set(found) == {f"query-{name}" for name in OF_ONE} | {"figures"}
    for name in OF_ONE:
        assert found[f"query-{name}"] == {
            "category": "Azure OpenAI, accounted",
            "displayName": library.title(name),
            "query": library.fill(name, OWN),
            "resourceGroupName": "rg-activategenai",
            "savedSearchId": f"{name}-abc123",
            "version": 2,
            "workspaceName": "workspace",
        }


def test_a_changed_query_is_deleted_first_because_azure_refuses_to_overwrite_it(
    example: Run,
) -> None:
    for name in searches(example):
        assert list(example.request(name).replaceOnChanges) == ["*"]
        assert example.request(name).deleteBeforeReplace


def test_in_an_existing_workspace_queries_lie_in_its_group_and_subscription() -> None:
    run = run_program({"workspaceId": WORKSPACE}, answers=WORKSPACE_ANSWER)

    assert run.inputs("saved-queries-subscription")["subscriptionId"] == OTHER
    for name, given in searches(run).items():
        assert (given["resourceGroupName"], given["workspaceName"]) == ("rg-logs", "log-central")
        assert "::saved-queries-subscription::" in run.request(name).provider
    assert run.inputs("workbook")["resourceGroupName"] == "rg-activategenai"
    assert run.inputs("workbook")["sourceId"] == WORKSPACE.lower()


def test_the_workbook_is_shared_and_knows_the_stack(example: Run) -> None:
    given = example.inputs("workbook")

    assert (given["kind"], given["category"]) == ("shared", "workbook")
    assert given["displayName"] == "Azure OpenAI, accounted (dev)"
    assert given["resourceGroupName"] == "rg-activategenai"
    assert given["tags"] == {"environment": "dev", "workload": "activategenai"}
    content = json.loads(given["serializedData"])
    assert content["fallbackResourceIds"] == ["/id/workspace"]
    assert "/id/openai-account" in given["serializedData"]
    assert "toscalar(AzureOpenAIFigures_abc123 | project capacities)" in given["serializedData"]


def test_the_stacks_figures_are_a_function_of_its_own(example: Run) -> None:
    """A change of a figure shows as one line, and leaves the workbook as it is."""
    before = example.inputs("figures")
    consumer = {"name": "team-a", "displayName": "Team A", "monthlyTokens": 1000}
    after = run_program({"consumers": [consumer]})

    assert before["functionAlias"] == FUNCTION
    assert {name for name in PARAMETERS if f"\n{name} = " in before["query"]} == set(PARAMETERS)
    assert 'gateway = "/id/gateway"' in before["query"]
    assert '\n  "text-turbo": 10\n' in before["query"]
    assert "budgets = dynamic({})" in before["query"]
    assert '\n  "team-a": {"tokens": 1000}\n' in after.inputs("figures")["query"]
    assert after.inputs("workbook") == example.inputs("workbook")
    queries = [name for name in searches(example) if name != "figures"]
    assert all(after.inputs(name) == example.inputs(name) for name in queries)


def test_without_insights_neither_is_declared() -> None:
    run = run_program({"insights": "false"})

    assert not searches(run)
    assert "workbook" not in {request.name for request in run.requests.values()}
