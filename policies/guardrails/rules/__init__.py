"""The guardrails: one topic a module, one rule a function."""
