# Every target sets up first: .venv, its packages and the Pulumi engine; nothing to do, nothing done.
PYTHON ?= python3
VENV := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup rehearse sandbox test lint types pytest bench clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Environment, packages and engine (minutes the first time)
	@$(PYTHON) tools/setup.py

rehearse: setup ## The whole life of the stack on this machine, in under 2 minutes
	@$(VENV)/python -m tools.rehearse

sandbox: setup ## A shell in which pulumi and every client talk to the sandbox
	@$(VENV)/python -m sandbox shell

test: lint types pytest ## Everything that must pass: lint, types, tests

lint: setup ## Style and mistakes
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .

types: setup ## Static types
	@$(VENV)/mypy

pytest: setup ## The tests alone
	@$(VENV)/python -m pytest -n auto --dist loadfile

bench: setup ## Preview and up, as ratios to the least they can take
	@$(VENV)/python -m tools.bench

clean: ## Remove what is not kept: .venv, the sandbox's state, caches
	rm -rf .venv .sandbox .mypy_cache .ruff_cache .pytest_cache build tests/queries/analyzer/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
