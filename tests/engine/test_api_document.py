"""A document as Azure publishes it for v1 is imported, called and proven."""

from __future__ import annotations

import json
from pathlib import Path

from tests.engine.stacks import CHECK, Stack

V1 = {
    "openapi": "3.0.0",
    "info": {"title": "Azure AI Foundry Models Service", "version": "v1"},
    "servers": [
        {"url": "{endpoint}/openai/v1", "variables": {"endpoint": {"default": "https://x"}}}
    ],
    "paths": {
        f"/{name}": {"post": {"operationId": operation, "responses": {"200": {"description": ""}}}}
        for name, operation in (
            ("chat/completions", "createChatCompletion"),
            ("embeddings", "createEmbedding"),
            ("responses", "createResponse"),
            ("responses/{response_id}/cancel", "cancelResponse"),
        )
    },
}


def test_a_stack_with_the_document_of_v1_is_proven(example: Path, tmp_path: Path) -> None:
    stack = Stack(example, tmp_path)
    (stack.machine.project / "v1.json").write_text(json.dumps(V1))
    stack.machine.configure(apiDocument="v1.json")
    stack.pulumi("up", "--yes", "--skip-preview")

    done = stack.machine.run(*CHECK, "5", "--depth", "quick")

    assert done.status == 0, done.text
