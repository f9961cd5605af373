# Every target sets up first: .venv, its packages and the Pulumi engine; nothing to do, nothing done.
PYTHON ?= python3
VENV := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup adopt leftovers keys rotate rehearse acceptance sandbox docs unit test lint types pytest bench sabotage faults kills healthy sdk upgrade clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Environment, packages and engine (minutes the first time)
	@$(PYTHON) -m tools.setup

adopt: setup ## Take into the selected stack what a cut-off `pulumi up` left in Azure
	@$(VENV)/python -m tools.adopt

leftovers: setup ## What the selected stack has left in Azure, and until when; ARGUMENTS=--purge removes it
	@$(VENV)/python -m tools.leftovers $(ARGUMENTS)

keys: setup ## Hand consumers' keys to the selected stack's Key Vault
	@$(VENV)/python -m tools.keys $(ARGUMENTS)

rotate: setup ## Rotate consumers' keys without an outage; ARGUMENTS=--all, or their names
	@$(VENV)/python -m tools.rotate $(ARGUMENTS)

rehearse: setup ## The whole life of the stack on this machine, in about a minute
	@$(VENV)/python -m tools.rehearse

acceptance: setup ## The stack's whole life on Azure, compared with the sandbox, then purged; asks first
	@$(VENV)/python -m tools.acceptance $(ARGUMENTS)

sandbox: setup ## A shell in which pulumi and every client talk to the sandbox
	@$(VENV)/python -m sandbox shell

docs: setup ## Write what documents and Pulumi.yaml say of the code
	@$(VENV)/python -m tools.docs

unit: setup ## What is quick of policies, components, queries and check: 10 s of CPU
	@$(VENV)/python -m pytest -q -m "not slow" tests/policies tests/components tests/queries tests/check

test: lint types pytest ## Everything that must pass: lint, types, tests

lint: setup ## Style and mistakes
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml

types: setup ## Static types
	@$(VENV)/mypy

pytest: setup ## The tests alone
	@$(VENV)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

bench: setup ## Preview, up and the token query, as ratios; how each query grows (35 min)
	@$(VENV)/python -m tools.bench

sabotage: setup ## Every known mistake in a deployment, and what the check says of it
	@$(VENV)/python -m tools.sabotage

faults: setup ## Let every operation fail in every way, and count how the stack recovers
	@$(VENV)/python -m tools.faults

healthy: setup ## The check over 100 whole deployments: rows late, in any order, twice
	@$(VENV)/python -m tools.healthy

kills: setup ## Kill `pulumi up` at ten points, lose an answer of each resource type; all must recover
	@$(VENV)/python -m tools.kills

sdk: setup ## The SDKs in sdks/, made anew from their schemas
	@$(VENV)/python -m tools.sdk

upgrade: setup ## The newest Python packages that fit together, pinned with hashes; then run the tests
	@$(VENV)/python -m tools.upgrade $(ARGUMENTS)

clean: ## Remove what is not kept: .venv, the sandbox's state, caches; .acceptance stays
	rm -rf .venv .sandbox .mypy_cache .ruff_cache .pytest_cache build tests/queries/analyzer/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
