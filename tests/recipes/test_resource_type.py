"""The recipe for a resource of a new type, followed with a backend of the gateway."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

CODE = """    apimanagement.Backend(
        f"{name}-spare",
        backend_id="spare",
        url="https://spare.example.com/openai",
        protocol=apimanagement.BackendProtocol.HTTP,
        service_name=gateway.name,
        resource_group_name=gateway.resource_group_name,
        opts=gateway.inside(parent, after),
    )
"""
URN = (
    "urn:pulumi:dev::azure-openai-accounted::aoai:index:OpenAIApi"
    "$azure-native:apimanagement:Backend::openai-api-spare\n"
)
TEST = """

def test_a_spare_backend_is_known(example: Run) -> None:
    assert example.inputs("openai-api-spare")["url"] == "https://spare.example.com/openai"
"""
KIND = """    "azure-native:apimanagement:Backend": Kind(
        f"{_SERVICE}/backends/{{backendId}}", "2024-05-01"
    ),
"""
SHAPE = """  "apimanagement:Backend": {
    "path": "{service}/backends/{backendId}", "api_version": "2024-05-01", "envelope": []
  },
"""
ENTRY = """    "Microsoft.ApiManagement/service/backends": {
      "name": "[A-Za-z0-9-]{1,80}",
      "rule": "1 to 80 letters, digits and hyphens",
      "texts": {"url": "https?://.+"},
      "values": {"protocol": ["http", "soap"]}
    },
"""


def test_it_leaves_the_tests_of_program_and_sandbox_green(tmp_path: Path) -> None:
    """What a type could break: besides a resource, adoption and beliefs."""
    copy = Copy(tmp_path, "A resource of a known type", "A resource of a new type")
    link = '    apimanagement.ProductApiLink(\n        f"{name}-product-link",\n'
    copy.insert("components/openai_api/consumers.py", link, CODE)
    copy.append("tests/components/snapshots/urns.txt", URN)
    copy.append("tests/components/test_example_stack.py", TEST)
    copy.insert("tools/adopt/arm.py", '    "azure-native:apimanagement:Product": Kind(', KIND)
    copy.insert("sandbox/engine/shapes.json", '  "apimanagement:Product": {', SHAPE)
    entry = '    "Microsoft.ApiManagement/service/products": {"name":'
    copy.insert("sandbox/arm/data/azure.json", entry, ENTRY)
    rule = '    f"{SERVICE}/products": gateway.product,\n'
    copy.insert("sandbox/arm/__init__.py", rule, '    f"{SERVICE}/backends": lambda _: None,\n')
    copy.docs()
    copy.test("tests/components/test_example_stack.py", "tests/components/test_existing.py")
    copy.test("tests/sandbox/test_beliefs.py", "tests/tools/test_adopt.py", "tests/test_docs.py")
    copy.test("tests/previews", "-k", "change_and_nothing_else and retention", "--golden")
