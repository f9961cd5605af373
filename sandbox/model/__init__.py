"""The Azure OpenAI data plane: who may call, what a model answers, what the account logs."""

from sandbox.model.endpoint import model_endpoint

__all__ = ["model_endpoint"]
