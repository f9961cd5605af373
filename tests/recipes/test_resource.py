"""The recipe for a resource, followed with a further product."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

CODE = """    apimanagement.Product(
        f"{name}-trial",
        product_id="Trial",
        display_name="Trial",
        state=apimanagement.ProductState.PUBLISHED,
        subscription_required=True,
        approval_required=False,
        service_name=gateway.name,
        resource_group_name=gateway.resource_group_name,
        opts=gateway.inside(parent, after),
    )
"""
URN = (
    "urn:pulumi:dev::azure-openai-accounted::aoai:index:OpenAIApi"
    "$azure-native:apimanagement:Product::openai-api-trial\n"
)
TEST = """

def test_a_trial_has_a_product_of_its_own(example: Run) -> None:
    assert example.inputs("openai-api-trial")["productId"] == "Trial"
"""


def test_it_leaves_the_tests_of_the_program_green(tmp_path: Path) -> None:
    """What it could break: what is declared where, an update on the engine, the guardrails."""
    copy = Copy(tmp_path, "A resource of a known type")
    place = '    apimanagement.ProductApiLink(\n        f"{name}-product-link",\n'
    copy.insert("components/openai_api/consumers.py", place, CODE)
    copy.append("tests/components/snapshots/urns.txt", URN)
    copy.append("tests/components/test_example_stack.py", TEST)
    program = ("example_stack", "existing", "seen_texts")
    copy.test(
        *(f"tests/components/test_{name}.py" for name in program), "tests/faults/test_document.py"
    )
    copy.test("tests/policies/test_engine.py", "-k", "recorded", "--golden")
    copy.test("tests/policies", "--ignore", "tests/policies/test_engine.py")
