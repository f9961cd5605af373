"""The recipe for a resource of a new type, followed with a group of the gateway's users."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

CODE = """    apimanagement.Group(
        f"{name}-trial",
        group_id="trial",
        display_name="Trial",
        service_name=gateway.name,
        resource_group_name=gateway.resource_group_name,
        opts=gateway.inside(parent, after),
    )
"""
URN = (
    "urn:pulumi:dev::azure-openai-accounted::aoai:index:OpenAIApi"
    "$azure-native:apimanagement:Group::openai-api-trial\n"
)
TEST = """

def test_a_trial_has_a_group_of_its_own(example: Run) -> None:
    assert example.inputs("openai-api-trial")["groupId"] == "trial"
"""
KIND = """    "azure-native:apimanagement:Group": Kind(
        f"{_SERVICE}/groups/{{groupId}}", "2024-05-01"
    ),
"""
SHAPE = """  "apimanagement:Group": {
    "path": "{service}/groups/{groupId}", "api_version": "2024-05-01"
  },
"""
ENTRY = """    "Microsoft.ApiManagement/service/groups": {
      "name": "[^*#&+:<>?]{1,256}",
      "rule": "1 to 256 characters without * # & + : < > ?",
      "texts": {"displayName": ".+"}
    },
"""


def test_it_leaves_the_tests_of_program_and_sandbox_green(tmp_path: Path) -> None:
    """What a type could break: besides a resource, adoption and beliefs."""
    copy = Copy(tmp_path, "A resource of a known type", "A resource of a new type", "A guardrail")
    link = '    apimanagement.ProductApiLink(\n        f"{name}-product-link",\n'
    copy.insert("components/openai_api/consumers.py", link, CODE)
    copy.append("tests/components/snapshots/urns.txt", URN)
    copy.append("tests/components/test_example_stack.py", TEST)
    copy.insert("tools/adopt/arm.py", '    "azure-native:apimanagement:Product": Kind(', KIND)
    copy.insert("sandbox/engine/shapes.json", '  "apimanagement:Product": {', SHAPE)
    entry = '    "Microsoft.ApiManagement/service/products": {"name":'
    copy.insert("sandbox/arm/data/azure.json", entry, ENTRY)
    rule = '    f"{SERVICE}/products": gateway.product,\n'
    copy.insert("sandbox/arm/__init__.py", rule, '    f"{SERVICE}/groups": lambda _: None,\n')
    known = "policies/guardrails/pack/known_resources.py"
    copy.insert(known, '    "applicationinsights:Workbook",\n', '    "apimanagement:Group",\n')
    copy.docs()
    copy.test("tests/components/test_example_stack.py", "tests/components/test_existing.py")
    copy.test("tests/sandbox/test_beliefs.py", "tests/tools/test_adopt.py", "tests/test_docs.py")
    copy.test("tests/policies/test_engine.py", "-k", "passes")
